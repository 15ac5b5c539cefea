function New-PortBaseline {
    <#
    .SYNOPSIS
        Writes the listeners of this machine to a file, as the approved state.

    .DESCRIPTION
        The file is YAML, made to be reviewed and kept in git: sorted, one listener an entry, without process ids and times.
        What a program takes from the machine's dynamic range is one entry with the port dynamic. Invoke-PortAudit compares
        with it.

        A value that you remove from an entry may be any from then on. Without its line machine: the baseline is for any
        machine.

    .PARAMETER Path
        The file to write.

    .PARAMETER IncludeHash
        Reads the executables too, and keeps their SHA-256 and, on Windows, their signer: a file that was replaced is found then.

    .PARAMETER Force
        Replaces a baseline that exists, and writes one although not all sockets could be read.

    .PARAMETER FromSnapshot
        Answers from a file instead of from this machine: one that Save-PortSnapshot wrote, or what Get-NetTCPConnection,
        Get-NetUDPEndpoint, Get-Process and Get-CimInstance Win32_Process or Win32_Service gave to Export-Clixml on one
        machine, in one file or several. Wildcards are allowed.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.Listener

    .EXAMPLE
        New-PortBaseline "ports-$env:COMPUTERNAME-$(Get-Date -Format yyyy-MM-dd).yaml"

        Approves what listens now.

    .EXAMPLE
        New-PortBaseline server7.yaml -Force | Group-Object Program

        Approves it anew, and counts the listeners by program.

    .EXAMPLE
        Save-PortSnapshot server8.json; New-PortBaseline server8.yaml -FromSnapshot server8.json

        Approves what listens in a snapshot.

    .LINK
        about_PortOwner

    .LINK
        Update-PortBaseline

    .LINK
        Invoke-PortAudit
    #>
    [CmdletBinding(DefaultParameterSetName = 'Local', SupportsShouldProcess)]
    [OutputType('PortOwner.Listener')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string] $Path,

        [Parameter(ParameterSetName = 'Local')]
        [switch] $IncludeHash,

        [switch] $Force,

        [Parameter(ParameterSetName = 'Local')]
        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $FromSnapshot

        # Then the parameters of ps/Remote/Parameters.ps1.
    )

    end {
        if (-not (Test-ShouldProcess -Cmdlet $PSCmdlet -Target $Path -Action 'Approve the listeners')) { return }
        Invoke-Executable -Cmdlet $PSCmdlet -Function 'New-PortBaseline' -Bound $PSBoundParameters
    }
}
