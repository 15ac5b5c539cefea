# The milliseconds from the moment when the text of another machine is here to its first row: of several rounds, the first
# of which is not counted.
param([string] $Module, [string] $Facts, [int] $Rounds)

$ErrorActionPreference = 'Stop'
Import-Module $Module
& (Get-Module PortOwner) {
    param($Text, $Rounds)

    function Measure-First {
        [CmdletBinding()]
        param($Text)

        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $first = $null
        $call = @{ Cmdlet = $PSCmdlet; Function = 'Get-PortOwner'; Bound = @{ All = [switch] $true }; Machine = @{ Id = 0; Name = 'far'; Text = $Text } }
        Invoke-Executable @call | ForEach-Object { if ($null -eq $first) { $first = $watch.ElapsedMilliseconds } }
        $first
    }
    1..($Rounds + 1) | ForEach-Object { Measure-First $Text -WarningAction Ignore } | Select-Object -Skip 1
} ([System.IO.File]::ReadAllText($Facts)) $Rounds
