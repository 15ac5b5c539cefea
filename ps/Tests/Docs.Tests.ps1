BeforeDiscovery {
    $root = Split-Path -Parent (Split-Path -Parent $PSScriptRoot)
    $pages = @(Get-Item -Path (Join-Path $root 'README.md')) + @(Get-ChildItem -Path (Join-Path $root 'docs') -Filter '*.md' -Recurse)
    # Windows PowerShell would read UTF-8 without a byte order mark in the ANSI code page.
    $pages = @($pages | ForEach-Object {
        @{ Name = $_.FullName.Substring($root.Length + 1); Text = [System.IO.File]::ReadAllText($_.FullName) }
    } | Where-Object { $_.Text -match '(?m)^```powershell' })
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
}

Describe 'The PowerShell in the documentation' {
    It 'of <Name> parses, and names parameters that there are' -ForEach $pages {
        $blocks = [regex]::Matches($Text, '(?ms)^```powershell\r?\n(.*?)^```')
        $blocks.Count | Should -BeGreaterThan 0
        foreach ($block in $blocks) {
            $errors = $null
            $tree = [System.Management.Automation.Language.Parser]::ParseInput($block.Groups[1].Value, [ref] $null, [ref] $errors)
            $errors | Should -BeNullOrEmpty
            $calls = $tree.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)
            foreach ($call in $calls) {
                $command = Get-Command -Name $call.GetCommandName() -Module PortOwner -ErrorAction Ignore
                if (-not $command) { continue }
                foreach ($parameter in $call.CommandElements | Where-Object { $_ -is [System.Management.Automation.Language.CommandParameterAst] }) {
                    $command.Parameters.Keys | Should -Contain $parameter.ParameterName -Because $call.Extent.Text
                }
            }
        }
    }

    It 'names every function in the guide' {
        $root = Split-Path -Parent (Split-Path -Parent $PSScriptRoot)
        $guide = [System.IO.File]::ReadAllText((Join-Path $root 'docs/guide/powershell.md'))
        (Get-Command -Module PortOwner).Name | Where-Object { $guide -notmatch "\b$_\b" } | Should -BeNullOrEmpty
    }
}
