# The ports of a text: 80, 443 are two. A URL may have commas of its own.
function Split-Port {
    param([string[]] $Text)

    foreach ($one in $Text) {
        if ($one -like '*://*') { $one } else { @($one -split ',' -replace '^\s+|\s+$') -ne '' }
    }
}

# The values of a parameter Port that takes everything that no other parameter takes: 80 443 are two ports. PowerShell makes
# a list among them one text, with blanks, and passes on an unknown parameter.
function Get-PortText {
    param($Cmdlet, [string[]] $Port)

    foreach ($text in $Port) {
        if ($text -match '^[-\u2013-\u2015]([A-Za-z]\w*):?\z') {
            Write-Problem -Cmdlet $Cmdlet -Problem @{
                Severity    = 'Error'
                Code        = 'NamedParameterNotFound'
                Message     = "A parameter cannot be found that matches parameter name '$($Matches[1])'."
                Hint        = "To list the parameters: Get-Help $($Cmdlet.MyInvocation.MyCommand.Name) -Parameter *"
                Target      = $text
                Category    = 'InvalidArgument'
                Terminating = $true
            }
        }
        @($text -split '(?<![-,\s])\s+(?![-,\s])') -ne ''
    }
}
