function Update-PortBaseline {
    <#
    .SYNOPSIS
        Approves everything that has changed since a baseline was written, and lists the changes.

    .DESCRIPTION
        New listeners are inserted in order, entries of closed listeners are removed, and other entries are changed in
        place: comments and the order of entries are preserved. The comment directly above a removed entry is removed,
        too. A value that is missing in an entry stays missing.

        Each change is an object.

    .PARAMETER Path
        The file of the baseline.

    .PARAMETER Force
        Also updates a baseline of another machine.

    .PARAMETER KeepClosed
        Keeps the entries of closed listeners.

    .PARAMETER IncludeHash
        Also reads the executables, and records their SHA-256 hash and, on Windows, their signer, so that a replaced
        file can be detected.

    .PARAMETER FromSnapshot
        Answers from a file instead of this machine: a file written by Save-PortSnapshot, or the output of
        Get-NetTCPConnection, Get-NetUDPEndpoint, Get-Process, and Get-CimInstance Win32_Process or Win32_Service
        saved with Export-Clixml on one machine, in one or more files. Wildcards are allowed.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.Finding

    .EXAMPLE
        New-PortBaseline server7.yaml -Force; Update-PortBaseline server7.yaml

        Approves the changes between the two commands.

    .EXAMPLE
        Update-PortBaseline server7.yaml -KeepClosed | Format-List

        Approves new and changed listeners, and shows the details.

    .EXAMPLE
        Update-PortBaseline server7.yaml -WhatIf

        Only shows which file would be updated.

    .LINK
        about_PortOwner

    .LINK
        New-PortBaseline

    .LINK
        Invoke-PortAudit
    #>
    [CmdletBinding(DefaultParameterSetName = 'Local', SupportsShouldProcess)]
    [OutputType('PortOwner.Finding')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string] $Path,

        [switch] $Force,

        [switch] $KeepClosed,

        [Parameter(ParameterSetName = 'Local')]
        [switch] $IncludeHash,

        [Parameter(ParameterSetName = 'Local')]
        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $FromSnapshot

        # Then the parameters of ps/Remote/Parameters.ps1.
    )

    end {
        if (-not (Test-ShouldProcess -Cmdlet $PSCmdlet -Target $Path -Action 'Approve the changes')) { return }
        Invoke-Executable -Cmdlet $PSCmdlet -Function 'Update-PortBaseline' -Bound $PSBoundParameters
    }
}
