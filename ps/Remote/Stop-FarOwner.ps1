# Stops owners on other machines: on those that the call names, and on those that piped rows come from. -Far has these
# rows' identities by their connection, as ConvertTo-StopOperand gives them. What would end is told here, from what a machine
# says now; what is approved is checked there again right before it is stopped.
function Stop-FarOwner {
    param($Cmdlet, $Bound, [string[]] $Operand, $Far)

    $plain = Get-Question $Bound
    $asked = @(Get-StopTarget -Cmdlet $Cmdlet -Bound $Bound -Operand $Operand -Far $Far)
    if (-not $asked) { return }
    Read-Machine -Cmdlet $Cmdlet -Target $asked -Bound $Bound | ForEach-Object {
        $machine = $_
        $target = @($asked | Where-Object { $_.Id -eq $machine.Id })[0]
        if ($machine['Path']) {
            Write-PlainRefusal -Cmdlet $Cmdlet -Name $machine.Name
            return
        }
        # Its rows go back through the same connection.
        if (-not $machine['IsHere']) { Add-Connection -Name $machine.Name -Target $target }
        $approved = [ordered]@{}
        Get-StopApproval -Cmdlet $Cmdlet -Bound $plain -Operand @($target.Operands.Keys) -Machine $machine -Approved $approved
        if ($machine['IsHere']) {
            Stop-Approved -Cmdlet $Cmdlet -Bound $plain -Approved $approved
        } elseif ($approved.Count -gt 0) {
            Stop-There -Cmdlet $Cmdlet -Bound $Bound -Target $target -Approved $approved
        }
    }
}

# The machines on which something is to be stopped, with its Operands. A row goes back through the very connection that it
# came through, unless the call names another way to its machine: several machines can have one name.
function Get-StopTarget {
    param($Cmdlet, $Bound, [string[]] $Operand, $Far)

    $targets = @(if (Test-Remote $Bound) { Get-Target -Cmdlet $Cmdlet -Bound $Bound })
    $given = $targets
    foreach ($target in $targets) {
        $target['Operands'] = [ordered]@{}
        foreach ($one in $Operand) { if ($one) { $target.Operands[$one] = $true } }
    }
    foreach ($rows in $Far.Values) {
        $same = @($targets | Where-Object { $rows.Connection -and (Test-SameConnection $_ $rows.Connection) })
        $named = @($given | Where-Object { $_.Name -eq $rows.Name })
        $namesakes = @($Far.Values | Where-Object { $_.Name -eq $rows.Name })
        $to = if ($same) { $same[0] }
        elseif ($named.Count -eq 1 -and $namesakes.Count -eq 1) { $named[0] }
        elseif ($named.Count -eq 0 -and $rows.Connection) {
            if ($rows.Connection['IsPlain']) {
                Write-PlainRefusal -Cmdlet $Cmdlet -Name $rows.Name
                continue
            }
            $own = $rows.Connection.Clone()
            $own['Id'] = $targets.Count
            $own['Operands'] = [ordered]@{}
            $targets += $own
            $own
        }
        if ($to) {
            foreach ($one in $rows.Operands.Keys) { $to.Operands[$one] = $true }
        } elseif ($named.Count -gt 1) {
            Write-Refusal -Cmdlet $Cmdlet -Message "The piped object is on $($rows.Name), and several of the specified machines have that name: nothing is stopped there." -Hint 'Specify one of them.' -Target $rows.Name
        } elseif ($named) {
            Write-Refusal -Cmdlet $Cmdlet -Message "The piped objects are on different machines with the name $($rows.Name): nothing is stopped there." -Hint 'Pipe them without the parameters for the connection, or the objects of one machine at a time.' -Target $rows.Name
        } else {
            Write-Refusal -Cmdlet $Cmdlet -Message "The piped object is on $($rows.Name), and the connection to it is not known, such as for an object from a file or another process: nothing is stopped there." -Hint 'Specify the machine or its session: Stop-PortOwner -Session $session, -ComputerName, or -HostName.' -Target $rows.Name
        }
    }
    $targets | Where-Object { $_.Operands.Count -gt 0 }
}

function Write-PlainRefusal {
    param($Cmdlet, [string] $Name)

    Write-Refusal -Cmdlet $Cmdlet -Message "Nothing is stopped on $Name`: it has no PowerShell session, and was queried with plain ssh." -Hint "Stop it there: ssh $Name portowner stop PORT, or kill and systemctl." -Target $Name
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
            $result, $way, $reason = if ($index -lt $lines.Count) { $lines[$index++] -split "`t", 3 }
            if ($result -cnotin 'Stopped', 'Gone', 'NotStopped', 'Retaken', 'Refused') { $result, $way, $reason = 'NotStopped', '', 'the answer of the machine is invalid' }
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
