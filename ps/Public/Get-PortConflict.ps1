function Get-PortConflict {
    <#
    .SYNOPSIS
        Lists everything on this machine that is or will become a conflict over a port.

    .DESCRIPTION
        Get-PortConflict finds owners of one port on overlapping addresses or by reuse, one program started twice,
        different owners over IPv4 and IPv6, listeners inside the dynamic or an excluded range, URLs and rules that want
        a port which another has, and dynamic ports that run out.

        Severity is Error when something does not work, Warning when it works by luck or not for everybody, and
        Information for what every healthy machine has.

    .PARAMETER Port
        Only conflicts over these ports: numbers, ranges such as 8000-8100, and IANA service names.

    .PARAMETER Severity
        Only what is at least this bad. By default everything.

    .PARAMETER Column
        Only these properties. By default an object has all.

    .PARAMETER FromSnapshot
        Answers from a file instead of from this machine: one that Save-PortSnapshot wrote, or what Get-NetTCPConnection,
        Get-NetUDPEndpoint, Get-Process and Get-CimInstance Win32_Process or Win32_Service gave to Export-Clixml on one
        machine, in one file or several. Wildcards are allowed.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.Conflict

    .EXAMPLE
        Get-PortConflict 5173

        Lists the conflicts over one port.

    .EXAMPLE
        Get-PortConflict -Severity Warning

        Lists what should be looked after.

    .EXAMPLE
        Get-PortConflict | Format-List

        Shows every conflict with what it means and what to do.

    .EXAMPLE
        Get-PortConflict | Group-Object Kind -NoElement

        Counts the conflicts of each kind.

    .LINK
        about_PortOwner

    .LINK
        Test-PortBinding
    #>
    [CmdletBinding(DefaultParameterSetName = 'Local')]
    [OutputType('PortOwner.Conflict')]
    param(
        [Parameter(Position = 0)]
        [ValidateNotNullOrEmpty()]
        [Alias('LocalPort')]
        [string[]] $Port,

        [ValidateSet('Error', 'Warning', 'Information')]
        [string] $Severity,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column,

        [Parameter(ParameterSetName = 'Local')]
        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $FromSnapshot

        # Then the parameters of ps/Remote/Parameters.ps1.
    )

    end { Invoke-Executable -Cmdlet $PSCmdlet -Function 'Get-PortConflict' -Bound $PSBoundParameters }
}
