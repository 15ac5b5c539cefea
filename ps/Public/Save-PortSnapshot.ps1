function Save-PortSnapshot {
    <#
    .SYNOPSIS
        Saves all facts about this machine's ports in a file, to ask it later.

    .DESCRIPTION
        The facts are every TCP and UDP socket, the processes and services behind them, and the port ranges, as JSON.
        Wherever PortOwner answers a question it can answer it from such a file, with -FromSnapshot, on any machine.

        A file that exists is replaced in one step, when all facts are there. Command lines are left out, because they
        may hold secrets.

    .PARAMETER Path
        The file to write.

    .PARAMETER IncludeCommandLine
        Puts command lines in, with arguments masked that look like passwords.

    .PARAMETER IncludeHash
        Reads the executables that hold a port, and puts their SHA-256 and, on Windows, their signer in.

    .PARAMETER RawPath
        Keeps what the system itself said, too, in this new folder: untouched, with nothing masked.

    .PARAMETER PassThru
        Gives the file as an object.

    .INPUTS
        None.

    .OUTPUTS
        None, or with -PassThru System.IO.FileInfo.

    .EXAMPLE
        Save-PortSnapshot server7.json

        Saves the facts about this machine.

    .EXAMPLE
        Save-PortSnapshot server7.json; Get-PortOwner 443 -FromSnapshot server7.json

        Saves them, and asks them who owned port 443.

    .EXAMPLE
        $file = Save-PortSnapshot "ports-$(Get-Date -Format yyyy-MM-dd).json" -PassThru

        Saves them under today's date, and keeps the file as an object.

    .EXAMPLE
        Save-PortSnapshot server7.json -IncludeCommandLine -WhatIf

        Says what would be saved.

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
        if (-not (Test-ShouldProcess -Cmdlet $PSCmdlet -Target $Path -Action 'Save the facts about the ports of this machine')) { return }
        Invoke-Executable -Cmdlet $PSCmdlet -Function 'Save-PortSnapshot' -Bound $PSBoundParameters
        if ($PassThru -and -not (Test-Remote $PSBoundParameters)) { Get-Item -LiteralPath (Resolve-FilePath -Cmdlet $PSCmdlet -Path $Path) }
    }
}
