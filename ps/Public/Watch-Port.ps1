function Watch-Port {
    <#
    .SYNOPSIS
        Watches sockets: as lines, or as events for scripts.

    .DESCRIPTION
        With -Events, Watch-Port returns an object for each socket that opens, closes, or changes its state or owner, as
        soon as it is noticed: every difference between two looks is one object. It ends with the pipeline, after -Count
        events or the time of -For, or with Ctrl+C. In Windows PowerShell 5.1, the objects
        arrive together at the end, so -Events needs -For or -Count there.

        Without -Events, it shows what happens in the console; if the output goes elsewhere, it returns lines of text.

        Sockets are compared once per -IntervalSec. On Linux, the system also reports each socket that it closes: one
        that was opened and closed between two looks is an event Closed, without an owner and a state. On Windows, such
        sockets are missed.

    .PARAMETER Port
        The local ports: numbers, ranges such as 8000-8100, and IANA service names such as https. Each can include a
        protocol and an address: 53/udp, localhost:3000. Without ports, all sockets are watched.

    .PARAMETER InputObject
        The ports, from the pipeline: as for -Port, or objects with a property LocalPort.

    .PARAMETER Events
        Returns objects.

    .PARAMETER Plain
        Shows lines instead of a full screen.

    .PARAMETER IntervalSec
        The time between two looks, in seconds. By default, 1; at least 0.1.

    .PARAMETER Count
        Ends after this many events; without -Events, after this many looks.

    .PARAMETER For
        Ends after this time: 30 (seconds), 5m, 1h.

    .PARAMETER Column
        The columns of the objects.

    .PARAMETER Redact
        Replaces the names of users, machines, home folders, and projects, and IP addresses consistently, so that you can
        show the answer to others. Names of programs and services are kept: review the answer before you send it. It
        needs -Events or -Plain.

    .INPUTS
        Ports, or objects with a property LocalPort.

    .OUTPUTS
        PortOwner.Event

    .EXAMPLE
        Watch-Port 443 -Events | Where-Object Kind -eq 'Opened'

        Shows who connects to the web server.

    .EXAMPLE
        Watch-Port 443 -Events | ForEach-Object { Add-Content -Path web.log -Value "$($_.Time) $($_.Kind) $($_.Owner)" }

        Does something for each event.

    .EXAMPLE
        Watch-Port 5432 -Events | Where-Object Kind -eq 'Closed' | Select-Object -First 1

        Waits until a socket on port 5432 is closed.

    .EXAMPLE
        Watch-Port -Events -For 5m | Group-Object -Property Owner -NoElement | Sort-Object -Property Count -Descending

        Counts which programs open and close the most sockets.

    .LINK
        about_PortOwner

    .LINK
        Wait-Port
    #>
    [CmdletBinding(DefaultParameterSetName = 'View')]
    [OutputType('PortOwner.Event')]
    param(
        [Parameter(Position = 0, ValueFromRemainingArguments)]
        [ValidateNotNullOrEmpty()]
        [Alias('LocalPort')]
        [string[]] $Port,

        [Parameter(ValueFromPipeline)]
        [AllowNull()]
        [object] $InputObject,

        [Parameter(Mandatory, ParameterSetName = 'Events')]
        [switch] $Events,

        [Parameter(ParameterSetName = 'View')]
        [switch] $Plain,

        [ValidateRange(0.1, 86400)]
        [double] $IntervalSec,

        [ValidateRange(1, 999999999)]
        [int] $Count,

        [ValidateNotNullOrEmpty()]
        [string] $For,

        [Parameter(ParameterSetName = 'Events')]
        [ValidateNotNullOrEmpty()]
        [string[]] $Column,

        [switch] $Redact
    )

    begin { $ports = @(Get-PortText -Cmdlet $PSCmdlet -Port $Port) }

    process { $ports += @(ConvertTo-Operand -Cmdlet $PSCmdlet -InputObject $InputObject) }

    end {
        if ($ports.Count -eq 0 -and ($MyInvocation.ExpectingInput -or $PSBoundParameters.Keys -contains 'InputObject')) { return }
        if ($Events) {
            if (-not (Test-Streaming) -and -not $For -and -not $Count) {
                Write-Problem -Cmdlet $PSCmdlet -Problem @{
                    Severity = 'Error'; Code = 'PO1005'; Category = 'InvalidArgument'; Terminating = $true; Target = $null
                    Message = 'Windows PowerShell 5.1 gets all events when Watch-Port ends, so -Events needs -For or -Count there.'
                    Hint = 'For example: Watch-Port -Events -For 5m. PowerShell 7 gets each event as it happens.'
                }
            }
            Invoke-Executable -Cmdlet $PSCmdlet -Function 'Watch-Port' -Bound $PSBoundParameters -Operand $ports
            return
        }
        $isView = Test-Console $MyInvocation
        if ($isView -and $Redact -and -not $Plain) {
            Write-Problem -Cmdlet $PSCmdlet -Problem @{
                Severity = 'Error'; Code = 'PO1005'; Category = 'InvalidArgument'; Terminating = $true; Target = $null
                Message = '-Redact needs -Events or -Plain.'; Hint = $null
            }
        }
        Show-View -Cmdlet $PSCmdlet -Function 'Watch-Port' -Bound $PSBoundParameters -Operand $ports -AsText:(-not $isView)
    }
}
