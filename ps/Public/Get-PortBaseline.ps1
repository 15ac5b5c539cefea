function Get-PortBaseline {
    <#
    .SYNOPSIS
        Gets the listeners that a baseline approves.

    .DESCRIPTION
        Checks the file, too: what is wrong with it is an error that names the line and the column.

    .PARAMETER Path
        The file of the baseline.

    .PARAMETER Column
        Only these properties. By default an object has all.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.Listener

    .EXAMPLE
        New-PortBaseline server7.yaml -Force; Get-PortBaseline server7.yaml

        Lists what was approved.

    .EXAMPLE
        Get-PortBaseline server7.yaml | Where-Object AddressScope -ne 'Loopback'

        Lists what other machines may reach.

    .EXAMPLE
        Get-PortBaseline server7.yaml | Export-Csv -NoTypeInformation approved.csv

        Writes it to a file for Excel.

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
