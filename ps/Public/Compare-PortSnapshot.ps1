function Compare-PortSnapshot {
    <#
    .SYNOPSIS
        Compares the listeners of two snapshots, or of a snapshot and this machine now.

    .DESCRIPTION
        Finds listeners that opened, closed, or changed their owner, path, user, address, or executable. Each
        difference is an object; if there are none, an information message says so. Listeners in the dynamic range are
        compared by program, user, protocol, and address scope, not by port. Executables are compared if both snapshots
        contain their hashes (Save-PortSnapshot -IncludeHash).

    .PARAMETER ReferencePath
        The earlier snapshot.

    .PARAMETER DifferencePath
        The later snapshot; if omitted, this machine now.

    .PARAMETER IncludeHash
        Also reads the executables of this machine, when a snapshot is compared with it.

    .PARAMETER Column
        Returns only these properties. By default, an object has all.

    .PARAMETER Redact
        Replaces the names of users, machines, home folders, and projects, and IP addresses consistently, and leaves out
        command lines and working directories, so that you can show the answer to others. Names of programs and services
        are kept: review the answer before you send it.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.Finding

    .EXAMPLE
        Save-PortSnapshot before.json; Compare-PortSnapshot before.json

        Shows what changed since the snapshot.

    .EXAMPLE
        Save-PortSnapshot after.json; Compare-PortSnapshot before.json after.json | Group-Object Kind

        Counts the differences between two snapshots by kind.

    .EXAMPLE
        Compare-PortSnapshot before.json | Where-Object Kind -eq 'Exposed'

        Shows which listeners other machines can reach now, but could not reach before.

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
        [string[]] $Column,

        [Parameter(ParameterSetName = 'Local')]
        [switch] $Redact

        # Then the parameters of ps/Remote/Parameters.ps1.
    )

    end { Invoke-Executable -Cmdlet $PSCmdlet -Function 'Compare-PortSnapshot' -Bound $PSBoundParameters }
}
