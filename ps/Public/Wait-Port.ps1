function Wait-Port {
    <#
    .SYNOPSIS
        Waits until a port is open, free, owned by a program, or answers HTTP.

    .DESCRIPTION
        Wait-Port returns an object as soon as the condition is met, within 0.1 seconds of the change (0.25 seconds and
        the time of a connection for another machine). If that does not happen within -TimeoutSec seconds, it returns
        nothing, and writes an error with what was seen last, as Wait-Process does. -ErrorAction Stop turns it into a
        terminating error. -Quiet returns $true or $false instead.

        Without one of -Open, -Free, -OwnedBy, and -Http, it waits until the port is open.

    .PARAMETER Port
        The local ports: numbers, ranges such as 8000-8010, and IANA service names such as https. Each can include a
        protocol and an address: udp/53, 127.0.0.1:8080, [::1]:80. Without a protocol, a port is TCP. A URL such as
        http://localhost:3000/health waits for its answer, as with -Http.

    .PARAMETER InputObject
        The ports, from the pipeline: as for -Port, or objects with a property LocalPort.

    .PARAMETER Open
        Until a program listens on the port, or for UDP, has bound it. This is the default.

    .PARAMETER Free
        Until nobody owns the port, and it can be bound.

    .PARAMETER OwnedBy
        Until an owner with this file, application, service, or container name has the port; * and ? are wildcards.

    .PARAMETER Http
        Until a GET request to the port is answered with a status below 500.

    .PARAMETER HttpPath
        The same, with this path: /health.

    .PARAMETER TargetName
        Connects to the port of this machine from here, as Test-NetConnection does, instead of inspecting the sockets of
        this machine. Nothing is run there.

    .PARAMETER Any
        Of several ports, waits for one. By default, it waits until each was ready once.

    .PARAMETER TimeoutSec
        How long to wait, in seconds. By default, 60. 0 only checks, and -1 waits without a limit.

    .PARAMETER Quiet
        Returns $true if the condition is met, and $false instead of an error if it is not met in time.

    .PARAMETER Column
        The columns of the objects.

    .PARAMETER Redact
        Replaces the names of users, machines, home folders, and projects, and IP addresses consistently, so that you can
        show the answer to others. Names of programs and services are kept: review the answer before you send it.
        The name in -OwnedBy is replaced, too, unless it is that of an interpreter such as node.

    .INPUTS
        Ports, or objects with a property LocalPort.

    .OUTPUTS
        PortOwner.WaitResult, or with -Quiet, a Boolean

    .EXAMPLE
        Wait-Port 5432 -ErrorAction Stop

        Continues when the database listens, and ends the script if it does not within a minute.

    .EXAMPLE
        if (-not (Wait-Port http://localhost:3000/health -TimeoutSec 30 -Quiet)) { throw 'The web server did not start' }

        Ends the script if a web server does not answer within half a minute.

    .EXAMPLE
        Stop-PortOwner 8080; Wait-Port 8080 -Free

        Waits until a port can be used again.

    .EXAMPLE
        Wait-Port 5432 -TargetName db1 -TimeoutSec -1

        Waits, without a limit, until a port of another machine accepts connections.

    .LINK
        about_PortOwner

    .LINK
        Get-PortOwner
    #>
    [CmdletBinding(DefaultParameterSetName = 'Open')]
    [OutputType('PortOwner.WaitResult', [bool])]
    param(
        [Parameter(Position = 0, ValueFromRemainingArguments)]
        [ValidateNotNullOrEmpty()]
        [Alias('LocalPort')]
        [string[]] $Port,

        [Parameter(ValueFromPipeline)]
        [AllowNull()]
        [object] $InputObject,

        [Parameter(ParameterSetName = 'Open')]
        [switch] $Open,

        [Parameter(Mandatory, ParameterSetName = 'Free')]
        [switch] $Free,

        [Parameter(Mandatory, ParameterSetName = 'OwnedBy')]
        [ValidateNotNullOrEmpty()]
        [string] $OwnedBy,

        [Parameter(Mandatory, ParameterSetName = 'Http')]
        [switch] $Http,

        [Parameter(Mandatory, ParameterSetName = 'HttpPath')]
        [ValidateNotNullOrEmpty()]
        [string] $HttpPath,

        [Parameter(ParameterSetName = 'Open')]
        [Parameter(ParameterSetName = 'Http')]
        [Parameter(ParameterSetName = 'HttpPath')]
        [ValidateNotNullOrEmpty()]
        [string] $TargetName,

        [switch] $Any,

        [ValidateRange(-1, 604800)]
        [double] $TimeoutSec,

        [switch] $Quiet,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column,

        [switch] $Redact
    )

    begin { $ports = @(Get-PortText -Cmdlet $PSCmdlet -Port $Port) }

    process { $ports += @(ConvertTo-Operand -Cmdlet $PSCmdlet -InputObject $InputObject) }

    end {
        if ($ports.Count -eq 0 -and ($MyInvocation.ExpectingInput -or $PSBoundParameters.Keys -contains 'InputObject')) { return }
        if (-not $Quiet) {
            Invoke-Executable -Cmdlet $PSCmdlet -Function 'Wait-Port' -Bound $PSBoundParameters -Operand $ports
            return
        }
        $arguments = @{ Port = $ports; ErrorAction = 'SilentlyContinue'; ErrorVariable = 'problems' }
        foreach ($name in $PSBoundParameters.Keys) {
            if ($name -notin 'Port', 'InputObject', 'Quiet', 'Column', 'ErrorAction', 'ErrorVariable') { $arguments[$name] = $PSBoundParameters[$name] }
        }
        $null = Wait-Port @arguments
        @($problems).Count -eq 0
    }
}
