BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $refusing = @{ ErrorAction = 'SilentlyContinue'; WarningAction = 'Ignore' }
}

Describe 'Values of the registry' {
    It 'are passed on as they are, however they are written' {
        foreach ($root in 'HKLM', 'HKLM:', 'HKEY_LOCAL_MACHINE', 'Registry::HKEY_LOCAL_MACHINE') {
            Get-PortConfiguration -Path "$root\SYSTEM\PortOwner Test\Port" -ErrorVariable problems @refusing | Should -BeNullOrEmpty
            $problems.FullyQualifiedErrorId | Should -Be 'PO2001,Get-PortConfiguration'
            $problems.Exception.Message | Should -Match ([regex]::Escape('HKLM\SYSTEM\PortOwner Test\Port'))
            Set-PortConfiguration 80 81 -Path "$root\SYSTEM\PortOwner Test\Port" -WhatIf -ErrorVariable problems @refusing | Should -BeNullOrEmpty
            $problems.Exception.Message | Should -Match ([regex]::Escape('HKLM\SYSTEM\PortOwner Test\Port'))
        }
    }

    It 'can be the values of Wine, which have a row each' -Skip:(-not $IsWindows) {
        $key = 'HKLM:\SYSTEM\CurrentControlSet\Services\PortOwner Pester'
        $null = New-Item -Path $key -Force
        try {
            $null = New-ItemProperty -LiteralPath $key -Name ImagePath -PropertyType ExpandString -Value '%SystemDrive%\x.exe --port 21490'
            $row = Get-PortConfiguration -Path "$key\ImagePath" -WarningAction Ignore
            $row.Port | Should -Be 21490
            $row.Source | Should -Be 'Registry'
            $row.Line | Should -BeNullOrEmpty
            $row.File | Should -Be 'HKLM\SYSTEM\CurrentControlSet\Services\PortOwner Pester\ImagePath'
        } finally {
            Remove-Item -LiteralPath $key -Recurse -Force
        }
    }
}
