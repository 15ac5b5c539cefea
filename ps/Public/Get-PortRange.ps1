function Get-PortRange {
    <#
    .SYNOPSIS
        Gets the port ranges that have a meaning on this machine.

    .DESCRIPTION
        IANA divides port numbers into WellKnown (0-1023), Registered (1024-49151), and Dynamic (49152-65535). Each
        machine also has its own dynamic range, from which it assigns ports to programs that request any port, and
        reserved ranges, whose ports cannot be bound although nobody owns them.

    .PARAMETER Column
        Returns only these properties. By default, an object has all.

    .PARAMETER FromSnapshot
        Answers from a file instead of this machine: a file written by Save-PortSnapshot, or the output of
        Get-NetTCPConnection, Get-NetUDPEndpoint, Get-Process, and Get-CimInstance Win32_Process or Win32_Service
        saved with Export-Clixml on one machine, in one or more files. Wildcards are allowed.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.Range

    .EXAMPLE
        Get-PortRange

        Lists the ranges of this machine.

    .EXAMPLE
        Get-PortRange | Where-Object Kind -eq 'LocalDynamic'

        Shows the range from which this machine assigns ports.

    .EXAMPLE
        Get-PortRange | Where-Object { $_.StartPort -le 50000 -and $_.EndPort -ge 50000 }

        Lists every range that contains port 50000.

    .LINK
        about_PortOwner

    .LINK
        Get-PortOwner
    #>
    [CmdletBinding(DefaultParameterSetName = 'Local')]
    [OutputType('PortOwner.Range')]
    param(
        [ValidateNotNullOrEmpty()]
        [string[]] $Column,

        [Parameter(ParameterSetName = 'Local')]
        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $FromSnapshot

        # Then the parameters of ps/Remote/Parameters.ps1.
    )

    end { Invoke-Executable -Cmdlet $PSCmdlet -Function 'Get-PortRange' -Bound $PSBoundParameters }
}
