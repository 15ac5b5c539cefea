function New-PortBaseline {
    <#
    .SYNOPSIS
        Writes the listeners of this machine to a file, as the approved listeners.

    .DESCRIPTION
        The file is YAML, designed for review in git: sorted, with one entry per listener, without process IDs and
        times. All ports that a program takes from the machine's dynamic range are one entry with the port dynamic.
        Invoke-PortAudit compares a machine with the file.

        If you remove a value from an entry, the entry matches any value. Without its line machine:, the baseline
        applies to any machine.

    .PARAMETER Path
        The file to write.

    .PARAMETER IncludeHash
        Also reads the executables, and records their SHA-256 hash and, on Windows, their signer, so that a replaced
        file can be detected.

    .PARAMETER Force
        Replaces an existing baseline, and writes one even if some sockets could not be read.

    .PARAMETER FromSnapshot
        Answers from a file instead of this machine: a file written by Save-PortSnapshot, or the output of
        Get-NetTCPConnection, Get-NetUDPEndpoint, Get-Process, and Get-CimInstance Win32_Process or Win32_Service
        saved with Export-Clixml on one machine, in one or more files. Wildcards are allowed.

    .INPUTS
        None.

    .OUTPUTS
        PortOwner.Listener

    .EXAMPLE
        New-PortBaseline "ports-$env:COMPUTERNAME-$(Get-Date -Format yyyy-MM-dd).yaml"

        Approves the current listeners.

    .EXAMPLE
        New-PortBaseline server7.yaml -Force | Group-Object Program

        Approves them again, and counts the listeners by program.

    .EXAMPLE
        Save-PortSnapshot server8.json; New-PortBaseline server8.yaml -FromSnapshot server8.json

        Approves the listeners in a snapshot.

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
