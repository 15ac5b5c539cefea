BeforeDiscovery {
    $templates = Get-ChildItem -LiteralPath (Join-Path (Split-Path $PSScriptRoot) 'Tasks') -Filter *.xml | ForEach-Object { @{ Name = $_.Name } }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $name = "PortOwner-Test-$([guid]::NewGuid())"
}

Describe 'Register-PortAuditTask' {
    It 'registers nothing with -WhatIf' {
        Register-PortAuditTask -BaselinePath b.yaml -WhatIf 6>$null | Should -BeNullOrEmpty
        (Get-PortAuditTask -WarningAction Ignore).State | Should -Be 'NotInstalled'
    }

    It 'wants something to compare with' {
        { Register-PortAuditTask -Confirm:$false } | Should -Throw -ErrorId 'PO1005,Register-PortAuditTask'
    }

    It 'takes no impossible time' {
        { Register-PortAuditTask -BaselinePath b.yaml -At '25:00' -Confirm:$false } | Should -Throw -ErrorId 'PO1001,Register-PortAuditTask'
        { Register-PortAuditTask -BaselinePath b.yaml -At 'three' } | Should -Throw
    }

    It 'refuses a baseline that is not there, or the rights that it has' {
        $caught = $null
        try { Register-PortAuditTask -BaselinePath (Join-Path $TestDrive 'none.yaml') -Confirm:$false } catch { $caught = $_ }
        $caught.FullyQualifiedErrorId | Should -BeIn 'PO5001,Register-PortAuditTask', 'PO5002,Register-PortAuditTask', 'PO5004,Register-PortAuditTask'
    }

    It 'passes every parameter on' {
        $env:PORTOWNER_EXE = New-Stub (Join-Path $TestDrive 'stub') (ConvertTo-Document @{ Type = 'PortOwner.AuditTask'; TaskName = 'x'; State = 'Installed' })
        try {
            $said = Register-PortAuditTask -BaselinePath b.yaml -PolicyPath p.yaml -StorePath s.db -ReportPath r.csv, r.json -FailOn High -KeepDay 9 -IncludeHash -EventLog -At 2:30 -RandomDelayMinute 0 -TimeLimitMinute 5 -Account 'C\a$' -Name n -Verbose 4>&1
        } finally {
            $env:PORTOWNER_EXE = $null
        }
        $line = "$($said | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] })"
        foreach ($part in 'schedule install', '--baseline=', '--policy=', '--store=', 'r.csv', 'r.json', '--fail-on=High', '--keep=9', '--hash', '--event-log', '--at=2:30', '--random-delay=0', '--time-limit=5', '--account=C\a$', '--name=n') {
            $line | Should -BeLike "*$part*"
        }
        ($said | Where-Object { $_ -isnot [System.Management.Automation.VerboseRecord] }).PSTypeNames | Should -Contain 'PortOwner.AuditTask'
    }
}

Describe 'Unregister-PortAuditTask' {
    It 'says what is not there, or that the name is for Windows' {
        $id = if ($onWindows) { 'PO500*' } else { 'PO1005,Unregister-PortAuditTask' }
        { Unregister-PortAuditTask -Name $name -Confirm:$false } | Should -Throw -ErrorId $id
    }

    It 'removes nothing with -WhatIf' {
        Unregister-PortAuditTask -WhatIf 6>$null | Should -BeNullOrEmpty
    }
}

Describe 'Get-PortAuditTask' {
    It 'gives an object for what is not there' {
        $row = Get-PortAuditTask -WarningAction Ignore
        $row.PSTypeNames | Should -Contain 'PortOwner.AuditTask'
        $row.State | Should -Be 'NotInstalled'
    }

    It 'gives the chosen properties' {
        (Get-PortAuditTask -Column TaskName, State -WarningAction Ignore).PSObject.Properties.Name | Should -Be 'TaskName', 'State'
    }
}

Describe 'The templates' {
    It '<Name> is a text as Register-ScheduledTask takes it' -ForEach $templates {
        $text = Get-Content -LiteralPath (Join-Path $moduleFolder "Tasks/$Name") -Raw
        $text | Should -Not -BeLike '*<?xml*'
        ([xml] $text).Task.Actions.Exec.Command | Should -BeLike 'C:\*'
    }
}
