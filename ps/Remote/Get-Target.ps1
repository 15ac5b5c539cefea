# The parameters of a call without those of Parameters.ps1, whose names the build puts into $remoteParameters: what is
# asked of each machine.
function Get-Question {
    param($Bound)

    $question = @{}
    foreach ($name in $Bound.Keys) { if ($remoteParameters -notcontains $name) { $question[$name] = $Bound[$name] } }
    $question
}

# The machines that a call asks, in the order in which they are named. Of each: its Id among them, its Name as the user
# gave it, the Way to it in words, the Arguments of Invoke-Command, and for SSH the parts of the connection. This
# machine has no arguments.
function Get-Target {
    param($Cmdlet, $Bound)

    $id = 0
    $known = @{}
    $targets = if ($Bound['ComputerName']) {
        foreach ($name in $Bound['ComputerName']) {
            if ($known[$name]) { continue }
            $known[$name] = $true
            if (Test-ThisMachine $name) { @{ Name = $name; Way = 'without remoting: it is this machine'; Arguments = $null; Ssh = $null } } else { Get-WinRMTarget -Name $name -Bound $Bound }
        }
    } elseif ($Bound['Session']) {
        foreach ($one in $Bound['Session']) {
            if ($known["$($one.InstanceId)"]) { continue }
            $known["$($one.InstanceId)"] = $true
            @{ Name = $one.ComputerName; Way = "through the session $($one.Name)"; Arguments = @{ Session = $one }; Endpoint = $one.ConfigurationName; Ssh = $null }
        }
    } else {
        if ($PSVersionTable.PSVersion.Major -lt 7) { Write-NoSsh -Cmdlet $Cmdlet }
        $all = @(if ($Bound['HostName']) {
                foreach ($name in $Bound['HostName']) {
                    if ($known[$name]) { continue }
                    $known[$name] = $true
                    @{ HostName = $name; UserName = $Bound['UserName']; KeyFilePath = $Bound['KeyFilePath']; Port = $Bound['RemotingPort'] }
                }
            } else { $Bound['SSHConnection'] })
        foreach ($one in $all) { Get-SshTarget -Cmdlet $Cmdlet -Connection $one -MayAsk:($all.Count -eq 1) }
    }
    foreach ($target in $targets) {
        $target['Id'] = $id++
        $target
    }
}

function Write-NoSsh {
    param($Cmdlet)

    Write-Problem -Cmdlet $Cmdlet -Problem @{
        Severity    = 'Error'
        Code        = 'PO1005'
        Message     = '-HostName and -SSHConnection need PowerShell 7: Windows PowerShell does not support remoting over SSH.'
        Hint        = 'Use WinRM (-ComputerName), PowerShell 7, or the executable: portowner 443 --host server7.'
        Target      = $null
        Category    = 'InvalidArgument'
        Terminating = $true
    }
}

# A name that this machine has. Of null, which counts as absent, nobody asks.
function Test-ThisMachine {
    param([string] $Name)

    $plain = $Name -replace '^\[(.*)\]$', '$1'
    if ($plain -in '.', 'localhost', '::1' -or $plain -match '^127\.\d+\.\d+\.\d+$') { return $true }
    $names = @($env:COMPUTERNAME)
    if ($env:USERDNSDOMAIN) { $names += "$env:COMPUTERNAME.$env:USERDNSDOMAIN" }
    if ($ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage') {
        $properties = [System.Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
        $names += $properties.HostName
        if ($properties.DomainName) { $names += "$($properties.HostName).$($properties.DomainName)" }
    } elseif (Test-Path -LiteralPath '/proc/sys/kernel/hostname') {
        $names += Get-Content -LiteralPath '/proc/sys/kernel/hostname'
    }
    return @($names -ne '') -contains $plain
}

function Get-WinRMTarget {
    param([string] $Name, $Bound)

    $arguments = @{ ComputerName = $Name }
    foreach ($parameter in 'Credential', 'Authentication', 'UseSSL', 'SessionOption', 'ConfigurationName') {
        if ($Bound.Keys -contains $parameter) { $arguments[$parameter] = $Bound[$parameter] }
    }
    if ($Bound['RemotingPort']) { $arguments['Port'] = $Bound['RemotingPort'] }
    @{ Name = $Name; Way = 'over WinRM'; Arguments = $arguments; Endpoint = $Bound['ConfigurationName']; Ssh = $null }
}

# A hashtable of -SSHConnection, whose keys may have several names, as a target.
function Get-SshTarget {
    param($Cmdlet, [hashtable] $Connection, [switch] $MayAsk)

    $names = @{ HostName = 'HostName', 'ComputerName'; UserName = , 'UserName'; KeyFilePath = 'KeyFilePath', 'IdentityFilePath'; Port = , 'Port'; Subsystem = , 'Subsystem'; ConnectingTimeout = , 'ConnectingTimeout'; Options = , 'Options' }
    $ssh = @{}
    foreach ($name in $names.Keys) {
        foreach ($key in $names[$name]) { if ($Connection[$key]) { $ssh[$name] = $Connection[$key] } }
    }
    if (-not $ssh['HostName']) {
        Write-Problem -Cmdlet $Cmdlet -Problem @{
            Severity    = 'Error'
            Code        = 'PO1005'
            Message     = 'A hashtable in -SSHConnection has no HostName.'
            Hint        = 'Specify at least @{ HostName = ''server7'' }.'
            Target      = $Connection
            Category    = 'InvalidArgument'
            Terminating = $true
        }
    }
    $options = @{}
    # Of several machines each would ask on the same terminal.
    if (-not $MayAsk) { $options['BatchMode'] = 'yes' }
    if ($ssh['Options']) { foreach ($name in $ssh['Options'].Keys) { $options[$name] = $ssh['Options'][$name] } }
    $ssh['Options'] = $options
    $arguments = $ssh.Clone()
    $arguments.Remove('Options')
    if ((Get-Command -Name Invoke-Command).Parameters.Keys -contains 'Options') {
        # What ssh would write to the terminal, the error tells.
        $arguments['Options'] = @{ LogLevel = 'QUIET' }
        foreach ($name in $options.Keys) { $arguments['Options'][$name] = $options[$name] }
    }
    if ($arguments['KeyFilePath']) { $arguments['KeyFilePath'] = Resolve-FilePath -Cmdlet $Cmdlet -Path $arguments['KeyFilePath'] }
    @{ Name = $ssh['HostName']; Way = 'over SSH'; Arguments = $arguments; Endpoint = $null; Ssh = $ssh }
}
