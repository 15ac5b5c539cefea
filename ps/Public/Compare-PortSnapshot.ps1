function Compare-PortSnapshot {
    <#
    .SYNOPSIS
        Says which listeners differ between two snapshots, or between a snapshot and now.

    .DESCRIPTION
        Listeners that opened, closed, or changed their owner, path, user, address or executable. Each difference is an object;
        without one nothing comes out. Listeners of the dynamic range are compared by program, user, protocol and address
        scope, not by port. Executables are compared where both snapshots have their hashes (Save-PortSnapshot -IncludeHash).

    .PARAMETER ReferencePath
        The earlier snapshot.

    .PARAMETER DifferencePath
        The later snapshot; without it, this machine as it is now.

    .PARAMETER IncludeHash
        Reads the executables of this machine too, when it is compared as it is now.

    .PARAMETER Column
        Only these properties. By default an object has all.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.Finding

    .EXAMPLE
        Save-PortSnapshot before.json; Compare-PortSnapshot before.json

        Shows what changed since the snapshot.

    .EXAMPLE
        Save-PortSnapshot after.json; Compare-PortSnapshot before.json after.json | Group-Object Kind

        Counts the differences between two snapshots by their kind.

    .EXAMPLE
        Compare-PortSnapshot before.json | Where-Object Kind -eq 'Exposed'

        Shows which listeners other machines can reach, and could not before.

    .LINK
        about_PortOwner

    .LINK
        Save-PortSnapshot

    .LINK
        Invoke-PortAudit
    #>
    [CmdletBinding(DefaultParameterSetName = 'Local')]
    [OutputType('PortOwner.Finding')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string] $ReferencePath,

        [Parameter(Position = 1, ParameterSetName = 'Local')]
        [ValidateNotNullOrEmpty()]
        [string] $DifferencePath,

        [Parameter(ParameterSetName = 'Local')]
        [switch] $IncludeHash,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column

        # Then the parameters of ps/Remote/Parameters.ps1.
    )

    end { Invoke-Executable -Cmdlet $PSCmdlet -Function 'Compare-PortSnapshot' -Bound $PSBoundParameters }
}
