# In a job, what -InformationAction of its function said, or Continue.
$script:JobInformation = $null

# The one way out for whatever is not a row: gives a problem to the streams of the function that the user called.
# A problem is a row of the executable, or a hashtable with the same names. Its texts may come from anybody, even from
# another machine, and a host obeys control characters: none gets there.
function Write-Problem {
    param($Cmdlet, $Problem)

    # Constrained language forbids the methods of $PSCmdlet; the cmdlets do nearly the same.
    $constrained = $ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage'
    $message = ConvertTo-SafeText $Problem.Message -Multiline
    $hint = ConvertTo-SafeText $Problem.Hint -Multiline
    $text = $message
    if ($Problem.Severity -in 'Warning', 'Verbose' -and $hint) { $text = "$($message -replace '\.$'). $hint" }

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
            elseif ($script:JobInformation) { $arguments.InformationAction = $script:JobInformation }
            else { $arguments.InformationAction = 'Continue' }
            if (-not $script:JobInformation -or $constrained -or $arguments.InformationAction -ne 'Continue') {
                Write-Information @arguments
                return
            }
            # Receive-Job shows a person only what is marked as by Write-Host.
            $record = New-Object -TypeName System.Management.Automation.InformationRecord -ArgumentList $text, 'PortOwner'
            foreach ($tag in 'PSHOST', 'PortOwner') { $record.Tags.Add($tag) }
            $Cmdlet.WriteInformation($record)
        }
        'Progress' {
            if ($constrained) {
                Write-Progress -Activity 'PortOwner' -Status $text
            } else {
                $Cmdlet.WriteProgress((New-Object -TypeName System.Management.Automation.ProgressRecord -ArgumentList 0, 'PortOwner', $text))
            }
        }
        'Error' {
            $code = ConvertTo-SafeText $Problem.Code
            $target = if ($Problem.Target -is [string]) { ConvertTo-SafeText $Problem.Target } else { $Problem.Target }
            if ($constrained) {
                $arguments = @{
                    Message      = $message
                    ErrorId      = $code
                    Category     = $Problem.Category
                    TargetObject = $target
                }
                if ($hint) { $arguments.RecommendedAction = $hint }
                if ($Problem.Terminating) { $arguments.ErrorAction = 'Stop' }
                Write-Error @arguments
                return
            }
            $exception = New-Object -TypeName System.InvalidOperationException -ArgumentList $message
            $record = New-Object -TypeName System.Management.Automation.ErrorRecord -ArgumentList $exception, $code, $Problem.Category, $target
            $record.ErrorDetails = New-Object -TypeName System.Management.Automation.ErrorDetails -ArgumentList $message
            if ($hint) { $record.ErrorDetails.RecommendedAction = $hint }
            if ($Problem.Terminating) { $Cmdlet.ThrowTerminatingError($record) }
            $Cmdlet.WriteError($record)
        }
    }
}
