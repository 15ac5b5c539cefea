function Save-PortSnapshot {
    <#
    .SYNOPSIS
        Saves all facts about this machine's ports in a file, to query later.

    .DESCRIPTION
        The facts are every TCP and UDP socket, the processes and services behind them, and the port ranges, as JSON.
        Every query of PortOwner can use such a file with -FromSnapshot, on any machine.

        An existing file is replaced atomically, after all facts have been gathered. Command lines are left out
        because they may contain secrets.

    .PARAMETER Path
        The file to write.

    .PARAMETER IncludeCommandLine
        Includes command lines, with password-like arguments masked.

    .PARAMETER IncludeHash
        Reads the executables that hold a port, and includes their SHA-256 hash and, on Windows, their signer.

    .PARAMETER Redact
        Replaces the names of users, machines, projects, and containers, paths below user profiles, and IP addresses
        consistently, and leaves out working directories, so that you can show the file to others. Names of programs and
        services are kept: review the file before you send it.

    .PARAMETER RawPath
        Also saves the unmodified answers of the system in this new folder, with nothing masked.

    .PARAMETER PassThru
        Returns the file as an object.

    .INPUTS
        None.

    .OUTPUTS
        None, or with -PassThru System.IO.FileInfo.

    .EXAMPLE
        Save-PortSnapshot server7.json

        Saves the facts about this machine.

    .EXAMPLE
        Save-PortSnapshot server7.json; Get-PortOwner 443 -FromSnapshot server7.json

        Saves the facts, and queries them for the owner of port 443.

    .EXAMPLE
        $file = Save-PortSnapshot "ports-$(Get-Date -Format yyyy-MM-dd).json" -PassThru

        Saves the facts with today's date in the file name, and returns the file as an object.

    .EXAMPLE
        Save-PortSnapshot server7.json -IncludeCommandLine -WhatIf

        Shows what would be saved.

    .EXAMPLE
        Save-PortSnapshot report.json -Redact

        Saves the facts without the names of people and projects, to show them to others.

    .LINK
        about_PortOwner

    .LINK
        Get-PortOwner
    #>
    [CmdletBinding(DefaultParameterSetName = 'Local', SupportsShouldProcess)]
    [OutputType([System.IO.FileInfo])]
    param(
        [Parameter(Mandatory, Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string] $Path,

        [switch] $IncludeCommandLine,

        [switch] $Redact,

        [Parameter(ParameterSetName = 'Local')]
        [switch] $IncludeHash,

        [Parameter(ParameterSetName = 'Local')]
        [ValidateNotNullOrEmpty()]
        [string] $RawPath,

        [switch] $PassThru

        # Then the parameters of ps/Remote/Parameters.ps1.
    )

    end {
        Use-CallerPreference -Cmdlet $PSCmdlet
        $whose = if (Test-Remote $PSBoundParameters) { 'other machines' } else { 'this machine' }
        if (-not (Test-ShouldProcess -Cmdlet $PSCmdlet -Target $Path -Action "Save the facts about the ports of $whose")) { return }
        Invoke-Executable -Cmdlet $PSCmdlet -Function 'Save-PortSnapshot' -Bound $PSBoundParameters
        if ($PassThru -and -not (Test-Remote $PSBoundParameters)) { Get-Item -LiteralPath (Resolve-FilePath -Cmdlet $PSCmdlet -Path $Path) }
    }
}
