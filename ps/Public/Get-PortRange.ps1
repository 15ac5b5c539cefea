function Get-PortRange {
    <#
    .SYNOPSIS
        Gets the port ranges that have a meaning on this machine.

    .DESCRIPTION
        IANA divides port numbers into WellKnown (0-1023), Registered (1024-49151) and Dynamic (49152-65535). Each
        machine also has a dynamic range of its own, from which it hands ports out to programs that ask for any, and
        ranges that it keeps for itself: their ports cannot be bound although nobody owns them.

    .PARAMETER Column
        Only these properties. By default an object has all.

    .PARAMETER FromSnapshot
        Answers from a file instead of from this machine: one that Save-PortSnapshot wrote, or what Get-NetTCPConnection,
        Get-NetUDPEndpoint, Get-Process and Get-CimInstance Win32_Process or Win32_Service gave to Export-Clixml on one
        machine, in one file or several. Wildcards are allowed.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.Range

    .EXAMPLE
        Get-PortRange

        Lists the ranges of this machine.

    .EXAMPLE
        Get-PortRange | Where-Object Kind -eq 'LocalDynamic'

        Shows from where this machine hands ports out.

    .EXAMPLE
        Get-PortRange | Where-Object { $_.StartPort -le 50000 -and $_.EndPort -ge 50000 }

        Lists every range that port 50000 is in.

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
