# The one way out for whatever is not a row: gives a problem to the streams of the function that the user called.
# A problem is a row of the executable, or a hashtable with the same names.
function Write-Problem {
    param($Cmdlet, $Problem)

    # Constrained language forbids the methods of $PSCmdlet; the cmdlets do nearly the same.
    $constrained = $ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage'
    $message = $Problem.Message
    $text = $message
    if ($Problem.Severity -in 'Warning', 'Verbose' -and $Problem.Hint) { $text = "$($message -replace '\.$'). $($Problem.Hint)" }

    switch ($Problem.Severity) {
        'Warning' {
            if ($constrained) { Write-Warning -Message $text } else { $Cmdlet.WriteWarning($text) }
        }
        'Verbose' {
            if ($constrained) { Write-Verbose -Message $text } else { $Cmdlet.WriteVerbose($text) }
        }
        'Information' {
            # As Write-Host does: a person reads it unless the caller says otherwise, and 6> redirects it.
            $arguments = @{ MessageData = $text; Tags = 'PortOwner' }
            $bound = $Cmdlet.MyInvocation.BoundParameters
            if ($bound.Keys -contains 'InformationAction') { $arguments.InformationAction = $bound['InformationAction'] }
            else { $arguments.InformationAction = 'Continue' }
            Write-Information @arguments
        }
        'Progress' {
            if ($constrained) {
                Write-Progress -Activity 'PortOwner' -Status $text
            } else {
                $Cmdlet.WriteProgress((New-Object -TypeName System.Management.Automation.ProgressRecord -ArgumentList 0, 'PortOwner', $text))
            }
        }
        'Error' {
            if ($constrained) {
                $arguments = @{
                    Message      = $message
                    ErrorId      = $Problem.Code
                    Category     = $Problem.Category
                    TargetObject = $Problem.Target
                }
                if ($Problem.Hint) { $arguments.RecommendedAction = $Problem.Hint }
                if ($Problem.Terminating) { $arguments.ErrorAction = 'Stop' }
                Write-Error @arguments
                return
            }
            $exception = New-Object -TypeName System.InvalidOperationException -ArgumentList $message
            $record = New-Object -TypeName System.Management.Automation.ErrorRecord -ArgumentList $exception, $Problem.Code, $Problem.Category, $Problem.Target
            $record.ErrorDetails = New-Object -TypeName System.Management.Automation.ErrorDetails -ArgumentList $message
            if ($Problem.Hint) { $record.ErrorDetails.RecommendedAction = $Problem.Hint }
            if ($Problem.Terminating) { $Cmdlet.ThrowTerminatingError($record) }
            $Cmdlet.WriteError($record)
        }
    }
}
