# Stops owners on other machines: on those that the call names, and on those that piped rows come from. -Far has these
# rows' identities by the name of their machine. What would end is told here, from what a machine says now; what is
# approved is checked there again right before it is stopped.
function Stop-FarOwner {
    param($Cmdlet, $Bound, [string[]] $Operand, $Far)

    $plain = Get-Question $Bound
    $targets = @(if (Test-Remote $Bound) { Get-Target -Cmdlet $Cmdlet -Bound $Bound })
    $operands = @{}
    foreach ($target in $targets) { if ($Operand) { $operands[$target.Id] = @($Operand) } }
    foreach ($name in $Far.Keys) {
        $found = @($targets | Where-Object { $_.Name -eq $name })
        if (-not $found -and $script:Reached[$name]) {
            $found = @($script:Reached[$name].Clone())
            $found[0].Id = $targets.Count
            $targets += $found
        }
        if ($found.Count -ne 1) {
            $why = if ($found) { 'several of the specified machines have that name' } else { 'and the connection to it is not known' }
            Write-Refusal -Cmdlet $Cmdlet -Message "The piped object is on $name, $why`: nothing is stopped there." -Hint 'Specify the machine or its session: Stop-PortOwner -Session $session, -ComputerName, or -HostName.' -Target $name
            continue
        }
        $operands[$found[0].Id] = @($operands[$found[0].Id] | Where-Object { $_ }) + @($Far[$name])
    }
    $asked = @($targets | Where-Object { $operands[$_.Id] })
    if (-not $asked) { return }
    Read-Machine -Cmdlet $Cmdlet -Target $asked -Bound $Bound | ForEach-Object {
        $machine = $_
        $approved = [ordered]@{}
        Get-StopApproval -Cmdlet $Cmdlet -Bound $plain -Operand $operands[$machine.Id] -Machine $machine -Approved $approved
        if ($machine['IsHere']) {
            Stop-Approved -Cmdlet $Cmdlet -Bound $plain -Approved $approved
        } elseif ($approved.Count -gt 0 -and $machine['Path']) {
            Write-Refusal -Cmdlet $Cmdlet -Message "Nothing is stopped on $($machine.Name): it has no PowerShell session, and was queried with plain ssh." -Hint "Stop it there: ssh $($machine.Name) portowner stop PORT, or kill and systemctl." -Target $machine.Name
        } elseif ($approved.Count -gt 0) {
            Stop-There -Cmdlet $Cmdlet -Bound $Bound -Target ($asked | Where-Object { $_.Id -eq $machine.Id }) -Approved $approved
        }
    }
}

function Write-Refusal {
    param($Cmdlet, [string] $Message, [string] $Hint, $Target)

    Write-Problem -Cmdlet $Cmdlet -Problem @{ Severity = 'Error'; Code = 'PO4105'; Message = $Message; Hint = $Hint; Target = $Target; Category = 'PermissionDenied'; Terminating = $false }
}

# Stops what was approved through the way to that machine, and gives the rows with what became of them.
function Stop-There {
    param($Cmdlet, $Bound, $Target, $Approved)

    $seconds = if ($Bound.Keys -contains 'TimeoutSec') { $Bound['TimeoutSec'] } else { 10 }
    $call = @{ Cmdlet = $Cmdlet; Target = @($Target); Bound = $Bound; Script = 'Stop.ps1'; ArgumentList = @(@($Approved.Keys), [bool] $Bound['Force'], $seconds) }
    foreach ($answer in Read-Machine @call) {
        $lines = @($answer.Text -split "`n")
        $index = 0
        foreach ($row in $Approved.Values) {
            $result, $way, $reason = $lines[$index++] -split "`t", 3
            $row.Result = $result
            if ($way) { $row.Method = $way }
            if ($reason) { $row.Reason = @($reason) }
            $row
            if ($result -in 'Stopped', 'Gone') { continue }
            Write-Problem -Cmdlet $Cmdlet -Problem @{
                Severity    = 'Error'
                Code        = $(if ($result -eq 'Refused') { 'PO4105' } else { 'PO4104' })
                Message     = "$($Target.Name): $($row.Owner) on $($row.Endpoints -join ', ') was not stopped: $reason"
                Hint        = 'Check who owns the port now.'
                Target      = $row.Identity
                Category    = $(if ($result -eq 'Refused') { 'PermissionDenied' } else { 'ResourceUnavailable' })
                Terminating = $false
            }
        }
    }
}
