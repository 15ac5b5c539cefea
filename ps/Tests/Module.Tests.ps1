BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $functions = (Get-Module PortOwner).ExportedFunctions.Keys | Sort-Object
    $files = Get-ChildItem -LiteralPath $moduleFolder -Recurse -Include *.psd1, *.psm1, *.ps1, *.ps1xml, *.txt | ForEach-Object { @{ Name = $_.Name; Path = $_.FullName } }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
}

Describe 'The module' {
    It 'has a manifest that holds' {
        $manifest = Test-ModuleManifest -Path (Join-Path $moduleFolder 'PortOwner.psd1')
        $manifest.PowerShellVersion | Should -Be '5.1'
        $manifest.CompatiblePSEditions | Should -Be 'Desktop', 'Core'
        $manifest.ExportedCommands.Keys | Sort-Object | Should -Be ((Get-Module PortOwner).ExportedCommands.Keys | Sort-Object)
    }

    It 'has the version of its executable' {
        & $executable --version | Should -Be "portowner $((Get-Module PortOwner).Version)"
    }

    It 'exports functions with approved verbs, and nothing else' {
        $module = Get-Module PortOwner
        $module.ExportedFunctions.Values.Verb | Should -BeIn (Get-Verb).Verb
        $module.ExportedAliases.Count + $module.ExportedVariables.Count + $module.ExportedCmdlets.Count | Should -Be 0
    }

    It 'has <Name> in plain ASCII, which every PowerShell reads alike' -ForEach $files {
        [System.IO.File]::ReadAllBytes($Path) | Where-Object { $_ -gt 126 -or ($_ -lt 32 -and $_ -ne 10) } | Should -BeNullOrEmpty
    }
}

Describe 'The executable' {
    BeforeAll {
        $definitions = & $executable definitions | ConvertFrom-Json
        $commands = InModuleScope PortOwner { Get-CommandTable }
        $remote = InModuleScope PortOwner {
            . (Join-Path (Get-Module PortOwner).ModuleBase 'Remote.ps1')
            $remoteParameters
        }
        $offered = @{}
        foreach ($function in $commands.Keys) { $offered[(@('portowner') + $commands[$function].Command) -join ' '] = $function }
    }

    It 'has every command and option that a function names' {
        foreach ($command in $offered.Keys) {
            $definition = $definitions | Where-Object { $_.path -replace ' [.<[].*$' -eq $command }
            $definition | Should -Not -BeNullOrEmpty -Because $command
            $options = @($definition.options | ForEach-Object { ($_.definition -replace ' #\d+' -split ',')[0] })
            $commands[$offered[$command]].Options.Values | Where-Object { $_ -notin $options } | Should -BeNullOrEmpty -Because $command
        }
    }

    It 'has an option for every parameter' {
        $common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters
        foreach ($function in $commands.Keys) {
            $mapped = @($commands[$function].Options.Keys) + @($commands[$function]['Operand']) + @($commands[$function]['Own'])
            # Those that name other machines are the module's own.
            $parameters = @((Get-Command $function).Parameters.Keys | Where-Object { $_ -notin $common -and $_ -notin $remote })
            $parameters | Where-Object { $_ -notin $mapped } | Should -BeNullOrEmpty -Because "$function passes them all on"
            $mapped | Where-Object { $_ -and $_ -notin $parameters } | Should -BeNullOrEmpty -Because "$function has them"
        }
    }

    It 'takes every value that a parameter of Get-PortOwner offers' {
        foreach ($name in 'State', 'Range', 'Protocol') {
            $line = "Get-PortOwner -$name "
            $values = @((TabExpansion2 $line $line.Length).CompletionMatches.CompletionText)
            $values.Count | Should -BeGreaterThan 1
            foreach ($value in $values) {
                $arguments = @{ $name = $value }
                { Get-PortOwner 1 @arguments -ErrorAction Stop -WarningAction Ignore } | Should -Not -Throw
            }
        }
    }

    It 'takes the words that the executable takes, and suggests the nearest for others' {
        Get-PortOwner 1 -State Listening -InformationAction Ignore -WarningAction Ignore -ErrorVariable problems
        $problems | Should -BeNullOrEmpty
        foreach ($call in { Get-PortOwner 1 -Protocol tpc }, { Get-PortConflict -Severity wanring }, { Measure-Port -By prot }, { Test-PortBinding 1 -Reuse adress }) {
            try { & $call; $problem = $null } catch { $problem = $_ }
            $problem.FullyQualifiedErrorId | Should -Match '^PO1001' -Because "$call"
            $problem.ErrorDetails.RecommendedAction | Should -Match '^Did you mean' -Because "$call"
        }
    }
}

Describe 'The help' {
    It 'of <_> is whole, and every example has a line that parses' -ForEach $functions {
        $help = Get-Help $_ -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        $help.Synopsis | Should -Not -Match $_
        $help.Description.Text | Should -Not -BeNullOrEmpty
        $common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters
        foreach ($name in (Get-Command $_).Parameters.Keys | Where-Object { $_ -notin $common }) {
            ($help.Parameters.Parameter | Where-Object Name -eq $name).Description.Text | Should -Not -BeNullOrEmpty -Because "-$name is explained"
        }
        @($help.Examples.Example).Count | Should -BeGreaterOrEqual 3
        foreach ($example in $help.Examples.Example) {
            $problems = $null
            $null = [System.Management.Automation.Language.Parser]::ParseInput($example.Code, [ref] $null, [ref] $problems)
            $problems | Should -BeNullOrEmpty
            $example.Remarks[0].Text | Should -Not -BeNullOrEmpty -Because $example.Code
        }
    }

    It 'of <_> has examples that run' -ForEach $functions {
        $examples = (Get-Help $_ -Full).Examples.Example.Code
        Push-Location $TestDrive
        Set-Content -LiteralPath error.log -Value 'listen EADDRINUSE: address already in use :::3000'
        Set-Content -LiteralPath machines.txt -Value 'server7'
        # Nothing is stopped or moved on the machine that runs the tests, whoever has the port, and nothing is waited for.
        if ($_ -match '^(Set|Stop|Wait|Watch|Measure)-') { $env:PORTOWNER_EXE = New-Stub (Join-Path $TestDrive $_) (ConvertTo-Document @()) }
        $global:PSDefaultParameterValues['Stop-*:WhatIf'] = $true
        # Nothing is scheduled on the machine that runs the tests.
        $global:PSDefaultParameterValues['*egister-PortAuditTask:WhatIf'] = $true
        # Wine's netsh prints no dynamic range, without which a baseline is written by force alone.
        if ($underWine) { $global:PSDefaultParameterValues['New-PortBaseline:Force'] = $true }
        try {
            foreach ($example in $examples) {
                # There is no such database.
                $example = $example -replace 'postgres://\S+', 'audits.db'
                { & ([scriptblock]::Create($example)) 3>$null 6>$null | Out-Null } | Should -Not -Throw -Because $example
            }
        } finally {
            $env:PORTOWNER_EXE = $null
            $global:PSDefaultParameterValues.Remove('Stop-*:WhatIf')
            $global:PSDefaultParameterValues.Remove('*egister-PortAuditTask:WhatIf')
            $global:PSDefaultParameterValues.Remove('New-PortBaseline:Force')
            Pop-Location
        }
    }

    It 'has a topic about the module' {
        # Get-Help finds topics on the module path alone.
        $topic = Get-Content -LiteralPath (Join-Path $moduleFolder 'en-US/about_PortOwner.help.txt')
        $topic[0] | Should -Be 'TOPIC'
        ($topic | ForEach-Object Length | Measure-Object -Maximum).Maximum | Should -BeLessOrEqual 80
        foreach ($function in (Get-Module PortOwner).ExportedFunctions.Keys) { $topic -join "`n" | Should -Match "$function\b" }
    }
}
