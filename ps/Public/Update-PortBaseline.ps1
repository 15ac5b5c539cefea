function Update-PortBaseline {
    <#
    .SYNOPSIS
        Approves what has changed since a baseline was written, and says what that was.

    .DESCRIPTION
        New listeners are added where they belong, entries of listeners that are gone are removed, and the rest is changed in
        place: comments and the order of entries stay. The comment right above an entry goes with it. A value that an entry
        leaves out stays left out.

        Each change is an object.

    .PARAMETER Path
        The file of the baseline.

    .PARAMETER Force
        Changes a baseline of another machine, too.

    .PARAMETER KeepClosed
        Keeps the entries of listeners that are gone.

    .PARAMETER IncludeHash
        Reads the executables too, and keeps their SHA-256 and, on Windows, their signer: a file that was replaced is found then.

    .PARAMETER FromSnapshot
        Answers from a file instead of from this machine: one that Save-PortSnapshot wrote, or what Get-NetTCPConnection,
        Get-NetUDPEndpoint, Get-Process and Get-CimInstance Win32_Process or Win32_Service gave to Export-Clixml on one
        machine, in one file or several. Wildcards are allowed.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.Finding

    .EXAMPLE
        New-PortBaseline server7.yaml -Force; Update-PortBaseline server7.yaml

        Approves what changed between the two.

    .EXAMPLE
        Update-PortBaseline server7.yaml -KeepClosed | Format-List

        Approves what is new or changed, and shows all about it.

    .EXAMPLE
        Update-PortBaseline server7.yaml -WhatIf

        Only says which file would be brought up to date.

    .LINK
        about_PortOwner

    .LINK
        New-PortBaseline

    .LINK
        Invoke-PortAudit
    #>
    [CmdletBinding(SupportsShouldProcess)]
    [OutputType('PortOwner.Finding')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string] $Path,

        [switch] $Force,

        [switch] $KeepClosed,

        [switch] $IncludeHash,

        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $FromSnapshot
    )

    end {
        if (-not (Test-ShouldProcess -Cmdlet $PSCmdlet -Target $Path -Action 'Approve what has changed')) { return }
        Invoke-Executable -Cmdlet $PSCmdlet -Function 'Update-PortBaseline' -Bound $PSBoundParameters
    }
}
