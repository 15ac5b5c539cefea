function Export-PortReport {
    <#
    .SYNOPSIS
        Writes objects of this module to a report: a workbook for Excel, Markdown, CSV, and more.

    .DESCRIPTION
        Takes the objects of any function of this module, from this machine, from snapshots, and from other machines, and
        writes them to one file. The end of its name says what it becomes: .xlsx, .md, .csv, .sarif, .json, and others that
        portowner report --help names. A workbook has a sheet for each kind of objects, and a column ComputerName first
        where there are several machines.

        A file that exists is replaced in one step, when the report is complete, unless -NoClobber is specified. A
        read-only file is not replaced.

    .PARAMETER Path
        The file to write. A relative path is relative to the current location of PowerShell, and drives of PowerShell can
        be used if they are in the file system.

    .PARAMETER InputObject
        Objects of this module. Objects that Select-Object made of them will do, as long as it added no properties.

    .PARAMETER Title
        The title of the report; without it, what the report is about.

    .PARAMETER Column
        Only these properties, in this order; report stands for those that fit on a printed page.

    .PARAMETER Delimiter
        What is between the values of CSV. The default is a comma.

    .PARAMETER UseCulture
        Puts between the values of CSV what the current culture does. Where Excel has the same culture, a double-click
        finds the right columns.

    .PARAMETER NoClobber
        Does not replace a file that exists: this is an error then.

    .PARAMETER Show
        Opens the report with the program for such files.

    .PARAMETER PassThru
        Gives the file as an object.

    .INPUTS
        The objects of this module.

    .OUTPUTS
        None, or with -PassThru System.IO.FileInfo.

    .EXAMPLE
        $file = Get-PortOwner | Export-PortReport ports.xlsx -PassThru

        Writes every listener to a workbook, and keeps the file as an object. With -Show instead, it opens.

    .EXAMPLE
        New-PortBaseline server7.yaml; Invoke-PortAudit -BaselinePath server7.yaml | Export-PortReport audit.md

        Writes what differs from a baseline as a summary for a chat or a mail.

    .EXAMPLE
        Get-PortOwner -All | Export-PortReport connections.csv -UseCulture -Column report

        Writes CSV for this culture, with the columns that fit on a page.

    .LINK
        about_PortOwner

    .LINK
        Invoke-PortAudit
    #>
    [CmdletBinding(SupportsShouldProcess)]
    [OutputType([System.IO.FileInfo])]
    param(
        [Parameter(Mandatory, Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string] $Path,

        [Parameter(ValueFromPipeline)]
        [AllowNull()]
        [object] $InputObject,

        [ValidateNotNullOrEmpty()]
        [string] $Title,

        [ValidateNotNullOrEmpty()]
        [string[]] $Column,

        [ValidateNotNullOrEmpty()]
        [string] $Delimiter,

        [switch] $UseCulture,

        [Alias('NoOverwrite')]
        [switch] $NoClobber,

        [switch] $Show,

        [switch] $PassThru
    )

    begin { $rows = @{} }

    # Constrained language has no lists to add to.
    process { foreach ($one in $InputObject) { if ($null -ne $one) { $rows[$rows.Count] = $one } } }

    end {
        Use-CallerPreference -Cmdlet $PSCmdlet
        # A path with wildcards is the name of one file.
        $full = Resolve-FilePath -Cmdlet $PSCmdlet -Path $Path -Literal
        if ($NoClobber -and (Test-Path -LiteralPath $full)) {
            Write-Problem -Cmdlet $PSCmdlet -Problem @{
                Severity    = 'Error'
                Code        = 'PO2004'
                Message     = "cannot write $full`: it exists, and -NoClobber is specified"
                Hint        = 'Choose another file, or remove -NoClobber.'
                Target      = $full
                Category    = 'ResourceExists'
                Terminating = $true
            }
        }
        if (-not (Test-ShouldProcess -Cmdlet $PSCmdlet -Target $full -Action 'Write a report')) { return }
        $bound = @{} + $PSBoundParameters
        $bound['Path'] = $full
        if ($UseCulture -and -not $Delimiter) { $bound['Delimiter'] = (Get-Culture).TextInfo.ListSeparator }
        # The rows travel as PowerShell saves objects: dates, numbers, and lists stay what they are.
        $file = New-TemporaryFile -WhatIf:$false -Confirm:$false
        try {
            & { for ($i = 0; $i -lt $rows.Count; $i++) { $rows[$i] } } |
                Export-Clixml -LiteralPath $file.FullName -Depth 3 -Encoding UTF8 -Force -WhatIf:$false -Confirm:$false
            Invoke-Executable -Cmdlet $PSCmdlet -Function 'Export-PortReport' -Bound $bound -Operand $file.FullName
        } finally {
            Remove-Item -LiteralPath $file.FullName -Force -WhatIf:$false -Confirm:$false
        }
        if ($Show) { Invoke-Item -LiteralPath $full -WhatIf:$false -Confirm:$false }
        if ($PassThru) { Get-Item -LiteralPath $full }
    }
}
