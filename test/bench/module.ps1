# Measures the PowerShell module, and prints one JSON object. With -Import it only imports it.
param([string] $Module, [string] $Executable, [string] $Snapshot, [switch] $Import)

$ErrorActionPreference = 'Stop'
$watch = [System.Diagnostics.Stopwatch]::StartNew()
Import-Module $Module
$importTime = $watch.Elapsed.TotalMilliseconds
if ($Import) { return $importTime }

function Get-Median([double[]] $Value) { @($Value | Sort-Object)[[math]::Floor($Value.Count / 2)] }

# The executable alone: started, read to its end.
function Invoke-Alone([string] $Argument) {
    $start = New-Object System.Diagnostics.ProcessStartInfo $Executable, $Argument
    $start.RedirectStandardOutput = $true
    $start.UseShellExecute = $false
    $process = [System.Diagnostics.Process]::Start($start)
    $null = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    $process.Dispose()
}

$listener = New-Object System.Net.Sockets.TcpListener ([System.Net.IPAddress]::Loopback), 0
$listener.Start()
$port = $listener.LocalEndpoint.Port
$alone = @()
$function = @()
$above = @()
foreach ($round in 1..35) {
    $watch.Restart()
    Invoke-Alone "--format=clixml --problems=rows --stream -- $port"
    $one = $watch.Elapsed.TotalMilliseconds
    $watch.Restart()
    $null = Get-PortOwner $port
    $other = $watch.Elapsed.TotalMilliseconds
    # The first rounds warm up.
    if ($round -gt 10) {
        $alone += $one
        $function += $other
        $above += $other - $one
    }
}
$listener.Stop()

# Rows a second from the first to the last, and how long the last one is behind the first.
$rates = @()
$leads = @()
$count = 0
foreach ($round in 1..11) {
    $seen = @{ First = 0.0; Count = 0 }
    $watch.Restart()
    Get-PortOwner -All -FromSnapshot $Snapshot | & {
        begin { $number = 0 }
        process {
            if ($number -eq 0) { $seen.First = $watch.Elapsed.TotalMilliseconds }
            $number++
        }
        end { $seen.Count = $number }
    }
    $time = $watch.Elapsed.TotalMilliseconds - $seen.First
    $count = $seen.Count
    if ($round -gt 4) {
        $rates += $seen.Count / $time * 1000
        $leads += $time
    }
}

ConvertTo-Json -Compress @{
    alone = Get-Median $alone
    function = Get-Median $function
    above = Get-Median $above
    rate = Get-Median $rates
    lead = Get-Median $leads
    count = $count
}
