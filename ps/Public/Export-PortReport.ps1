function Export-PortReport {
    <#
    .SYNOPSIS
        Writes objects of this module to a report: a workbook for Excel, an HTML page, Markdown, CSV, and more.

    .DESCRIPTION
        Takes the objects that any function of this module returned, from this machine, from snapshots, and from remote
        machines, and writes them to one file. Its extension determines the format: .xlsx, .html, .md, .csv, .sarif,
        .json, and others that portowner report --help lists. A workbook has a sheet for each kind of objects. With
        several machines, the column ComputerName comes first.

        An existing file is replaced only when the report is complete.

    .PARAMETER Path
        The file to write. Its folder must exist. Wildcards must match exactly one existing file.

    .PARAMETER InputObject
        Objects of this module, also those that Select-Object returned, if it added no properties.

    .PARAMETER Title
        The title of the report. The default is what the report contains.

    .PARAMETER Column
        The properties to write, in this order. The value report stands for those that fit on a printed page.

    .PARAMETER Delimiter
        The separator between the values of a CSV file. The default is a comma.

    .PARAMETER UseCulture
        Uses the list separator of the current culture in a CSV file. If Excel has the same culture, it finds the columns
        on a double-click.

    .PARAMETER NoClobber
        Does not replace an existing file.

    .PARAMETER Show
        Opens the report with the program for its file type.

    .PARAMETER PassThru
        Returns the file as an object.

    .PARAMETER Redact
        Replaces the names of users, machines, home folders, and projects, and IP addresses consistently, and leaves out
        command lines and working directories, so that you can show the report to others. Names of programs and services
        are kept: review the report before you send it.

    .INPUTS
        Objects of this module.

    .OUTPUTS
        None. With -PassThru, System.IO.FileInfo.

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

        [switch] $Redact,

        [switch] $UseCulture,

        [Alias('NoOverwrite')]
        [switch] $NoClobber,

        [switch] $Show,

        [switch] $PassThru
    )

    begin {
        Use-CallerPreference -Cmdlet $PSCmdlet
        $full = Resolve-OutputFile -Cmdlet $PSCmdlet -Path $Path -Ending (Get-CommandTable)['Export-PortReport'].Endings -NoClobber:$NoClobber
        # Constrained language has no lists to add to.
        $rows = @{}
        $known = ''
    }

    process {
        foreach ($one in $InputObject) {
            if ($null -eq $one) { continue }
            $type = @($one.PSTypeNames)[0]
            # Select-Object can make rows of other types; the executable looks at their properties.
            if ($type -ne $known -and $type -notmatch '(?:^|\.)PortOwner\.|\.PSCustomObject$') {
                Write-Problem -Cmdlet $PSCmdlet -Problem @{
                    Severity    = 'Error'
                    Code        = 'PO2002'
                    Message     = "the pipeline contains an object of the type $type; expected rows of PortOwner"
                    Hint        = 'Pipe objects from functions of this module: Get-PortOwner | Export-PortReport ports.xlsx'
                    Target      = $one
                    Category    = 'InvalidData'
                    Terminating = $true
                }
            }
            $known = $type
            $rows[$rows.Count] = $one
        }
    }

    end {
        Use-CallerPreference -Cmdlet $PSCmdlet
        if (-not (Test-ShouldProcess -Cmdlet $PSCmdlet -Target $full -Action 'Write a report')) { return }
        $bound = @{} + $PSBoundParameters
        $bound['Path'] = $full
        if ($UseCulture -and -not $Delimiter) { $bound['Delimiter'] = (Get-Culture).TextInfo.ListSeparator }
        # Pass the rows as PowerShell saves objects: dates, numbers, and lists keep their types.
        $file = New-TemporaryFile -WhatIf:$false -Confirm:$false
        try {
            $save = @{ LiteralPath = $file.FullName; Depth = 3; Encoding = 'UTF8'; Force = $true; WhatIf = $false; Confirm = $false }
            try {
                & { for ($i = 0; $i -lt $rows.Count; $i++) { $rows[$i] } } | Export-Clixml @save
            } catch {
                # A text with U+FFFE or U+FFFF. It is rare, and to look at every value first would be slow.
                & { for ($i = 0; $i -lt $rows.Count; $i++) { ConvertTo-SavedValue $rows[$i] } } | Export-Clixml @save
            }
            Invoke-Executable -Cmdlet $PSCmdlet -Function 'Export-PortReport' -Bound $bound -Operand $file.FullName
        } finally {
            Remove-Item -LiteralPath $file.FullName -Force -WhatIf:$false -Confirm:$false
        }
        if ($Show) { Invoke-Item -LiteralPath $full -WhatIf:$false -Confirm:$false }
        if ($PassThru) { Get-Item -LiteralPath $full }
    }
}
