# Shows what a stop would end, and asks about each of these targets: the rows of what is approved, by their identities, go
# to -Approved. What cannot be stopped comes out.
function Get-StopApproval {
    param($Cmdlet, $Bound, [string[]] $Operand, $Machine, $Approved)

    $call = @{ Cmdlet = $Cmdlet; Function = 'Stop-PortOwner'; Bound = $Bound; Operand = $Operand; Extra = '--dry-run' }
    if ($Machine) { $call.Machine = $Machine }
    foreach ($row in Invoke-Executable @call) {
        if ($row.Result -ne 'Planned') {
            $row
            continue
        }
        # As the executable describes it.
        $meanings = [ordered]@{
            Holders           = 'also stopped, because they share the port'
            Children          = 'child processes, which may end, too'
            DependentServices = 'services that depend on it, which are stopped, too'
            OtherPorts        = 'other ports that become free'
            Connections       = 'open connections'
        }
        $also = foreach ($name in $meanings.Keys) {
            if ($row.$name) { "$($meanings[$name]): $($row.$name -join ', ')" }
        }
        $action = (@("Stop ($($row.Method))") + @($also | Where-Object { $_ })) -join '; '
        $target = "$($row.Owner) on $($row.Endpoints -replace '/', ' ' -join ', ')"
        if ($Machine -and -not $Machine['IsHere']) { $target = "$target of $($Machine.Name)" }
        if (Test-ShouldProcess -Cmdlet $Cmdlet -Target $target -Action $action -Impact 'High') { $Approved[$row.Identity] = $row }
    }
}

# Stops what was approved on this machine.
function Stop-Approved {
    param($Cmdlet, $Bound, $Approved)

    if ($Approved.Count -eq 0) { return }
    $options = @{}
    foreach ($name in 'Force', 'TimeoutSec', 'Redact') {
        if ($Bound.Keys -contains $name) { $options[$name] = $Bound[$name] }
    }
    Invoke-Executable -Cmdlet $Cmdlet -Function 'Stop-PortOwner' -Bound $options -Operand $Approved.Keys -Extra '--yes' -ThroughInput
}
