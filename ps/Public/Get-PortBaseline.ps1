function Get-PortBaseline {
    <#
    .SYNOPSIS
        Gets the listeners that a baseline approves.

    .DESCRIPTION
        Also checks the file: a mistake is an error that names its line and column.

    .PARAMETER Path
        The file of the baseline.

    .PARAMETER Column
        Returns only these properties. By default, an object has all.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.Listener

    .EXAMPLE
        New-PortBaseline server7.yaml -Force; Get-PortBaseline server7.yaml

        Lists the approved listeners.

    .EXAMPLE
        Get-PortBaseline server7.yaml | Where-Object AddressScope -ne 'Loopback'

        Lists the approved listeners that other machines can reach.

    .EXAMPLE
        Get-PortBaseline server7.yaml | Export-Csv -NoTypeInformation approved.csv

        Writes them to a file for Excel.

    .LINK
        about_PortOwner

    .LINK
        New-PortBaseline
    #>
    [CmdletBinding()]
    [OutputType('PortOwner.Listener')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string] $Path,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column
    )

    end { Invoke-Executable -Cmdlet $PSCmdlet -Function 'Get-PortBaseline' -Bound $PSBoundParameters }
}
