function Stop-PortOwner {
    <#
    .SYNOPSIS
        Frees a port: stops the program that listens on it.

    .DESCRIPTION
        Stop-PortOwner first finds out what would end: the owner, its children, its service and the services that
        depend on it, its other ports, and its live connections. It asks before it stops each of them, unless you use
        -Confirm:$false; in a noninteractive session (pwsh -NonInteractive, a job), it stops nothing without that, and
        reports an error. Then it stops exactly what was approved: the same listener, of the same process, with the
        same start time. It stops only listeners on exactly these ports, never a client.

        A service is stopped through its manager, and an IIS port by stopping its site; for a container, the answer
        shows the command that stops it. A program is asked to end: on Windows by closing its windows, or with Ctrl+C
        if nothing else uses its console; on Linux with SIGTERM. It is ended forcibly only with -Force. The kernel,
        the programs of the session and its security, and the programs that this one runs in are never stopped.

        Each target is one object: its property Result shows the result (Stopped, Gone, NotStopped, Retaken, Refused),
        and Reason says why. A target that was not stopped is also an error.

    .PARAMETER Port
        The local ports: numbers, ranges such as 8000-8100, and IANA service names such as https. Each can include a
        protocol and an address: 53/udp, udp/53, 3000/tcp, :3000, localhost:3000, [::1]:3000, or a copied URL,
        'http://localhost:3000/'. One text can contain several: '80, 443'.

    .PARAMETER InputObject
        What to stop, from the pipeline: ports as for -Port, rows of Get-PortOwner, or objects of
        Get-NetTCPConnection, Get-NetUDPEndpoint, and Get-Process. A row from a snapshot is refused. A row that
        Get-PortOwner returned for another machine is stopped on that machine, in the way in which it was asked, unless
        a parameter specifies another way.

    .PARAMETER Id
        Only listeners of these processes; without ports, all of them.

    .PARAMETER Protocol
        Only TCP or only UDP.

    .PARAMETER Address
        Only listeners on this address, or one in this range: 127.0.0.0/8.

    .PARAMETER Force
        Forcibly ends programs that do not end within -TimeoutSec, or cannot be ended gracefully. It does not suppress
        the prompt.

    .PARAMETER TimeoutSec
        How long a program may take to end. By default, 10 seconds.

    .PARAMETER Redact
        Replaces the names of users, machines, home folders, and projects, and IP addresses consistently, in the
        questions, the objects, and the errors, so that others can watch. What is stopped is identified as always. Names
        of programs and services are kept.

    .INPUTS
        Ports, or objects with a property LocalPort, OwningProcess, or Id.

    .OUTPUTS
        PortOwner.StopResult

    .EXAMPLE
        Stop-PortOwner 8080

        Asks, and then stops the program that listens on port 8080.

    .EXAMPLE
        Stop-PortOwner http://localhost:3000/ -WhatIf

        Shows what would be stopped to free the port of a URL on that address.

    .EXAMPLE
        Stop-PortOwner 8080 -WhatIf

        Shows what would be stopped.

    .EXAMPLE
        Get-PortOwner -ImageName node | Stop-PortOwner -Force -TimeoutSec 3

        Asks about each listening program with the name node, and stops it, forcibly if necessary.

    .EXAMPLE
        Stop-PortOwner 8080 -Confirm:$false | Where-Object Result -ne 'Stopped'

        Stops without asking, for use in a script, and shows what was not stopped.

    .LINK
        about_PortOwner

    .LINK
        Get-PortOwner
    #>
    [CmdletBinding(DefaultParameterSetName = 'Local', SupportsShouldProcess, ConfirmImpact = 'High')]
    [OutputType('PortOwner.StopResult')]
    param(
        [Parameter(Position = 0, ValueFromRemainingArguments)]
        [ValidateNotNullOrEmpty()]
        [Alias('LocalPort')]
        [string[]] $Port,

        [Parameter(ValueFromPipeline)]
        [AllowNull()]
        [object] $InputObject,

        [Alias('OwningProcess')]
        [uint32[]] $Id,

        [ValidateNotNullOrEmpty()]
        [string] $Protocol,

        [ValidateNotNullOrEmpty()]
        [string[]] $Address,

        [switch] $Force,

        [ValidateRange(0, 3600)]
        [int] $TimeoutSec,

        [Parameter(ParameterSetName = 'Local')]
        [switch] $Redact

        # Then the parameters of ps/Remote/Parameters.ps1.
    )

    begin {
        Use-CallerPreference -Cmdlet $PSCmdlet
        $operands = [ordered]@{}
        foreach ($text in Get-PortText -Cmdlet $PSCmdlet -Port $Port) { $operands[$text] = $true }
        # What other machines' rows ask to stop there, by their connection.
        $far = @{}
        $piped = @()
    }

    process {
        $piped += @($InputObject)
        foreach ($text in ConvertTo-StopOperand -Cmdlet $PSCmdlet -InputObject $InputObject -Far $far -IsElsewhere:(Test-Remote $PSBoundParameters) -Redact:$Redact) { $operands[$text] = $true }
    }

    end {
        $isRemote = Test-Remote $PSBoundParameters
        if ($operands.Count + $far.Count -eq 0 -and ($MyInvocation.ExpectingInput -or $PSBoundParameters.Keys -contains 'InputObject')) { return }
        if (-not $isRemote -and $far.Count -eq 0) { Assert-Machine -Cmdlet $PSCmdlet -Bound $PSBoundParameters }
        if ($isRemote -or $far.Count -gt 0) { . (Join-Path -Path $PSScriptRoot -ChildPath 'Remote.ps1') }
        if ($AsJob) {
            $bound = @{}
            foreach ($name in $PSBoundParameters.Keys) { $bound[$name] = $PSBoundParameters[$name] }
            if ($MyInvocation.ExpectingInput) { $bound['InputObject'] = $piped }
            # The preferences of the caller do not reach a job.
            if ($WhatIfPreference) { $bound['WhatIf'] = $true }
            if ($bound.Keys -notcontains 'Confirm' -and $ConfirmPreference -eq 'None') { $bound['Confirm'] = $false }
            Start-BackgroundCall -Call @{ Cmdlet = $PSCmdlet; Function = 'Stop-PortOwner'; Bound = $bound }
            return
        }
        if ($Redact -and $far.Count -gt 0) {
            Write-Problem -Cmdlet $PSCmdlet -Problem @{
                Severity    = 'Error'
                Code        = 'PO1005'
                Message     = '-Redact cannot be used for rows of other machines.'
                Hint        = 'Omit -Redact, or run Stop-PortOwner there.'
                Target      = $null
                Category    = 'InvalidArgument'
                Terminating = $true
            }
        }
        if ($isRemote -or $far.Count -gt 0) { Stop-FarOwner -Cmdlet $PSCmdlet -Bound $PSBoundParameters -Operand $(if ($isRemote) { $operands.Keys }) -Far $far }
        $asksAll = $far.Count -eq 0 -and $operands.Count -eq 0
        if ($isRemote -or -not ($operands.Count -gt 0 -or $asksAll)) { return }
        $approved = [ordered]@{}
        Get-StopApproval -Cmdlet $PSCmdlet -Bound $PSBoundParameters -Operand $operands.Keys -Approved $approved
        Stop-Approved -Cmdlet $PSCmdlet -Bound $PSBoundParameters -Approved $approved
    }
}
