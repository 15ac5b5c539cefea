BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
}

Describe 'Values of the registry' {
    It 'are passed on as they are, however they are written' {
        foreach ($root in 'HKLM', 'HKLM:', 'HKEY_LOCAL_MACHINE', 'Registry::HKEY_LOCAL_MACHINE') {
            $given = "$root\SYSTEM\PortOwner Test\Port"
            { Get-PortConfiguration -Path $given } | Should -Throw -ExpectedMessage '*HKLM\SYSTEM\PortOwner Test\Port*' -ErrorId 'PO2001,Get-PortConfiguration'
            { Set-PortConfiguration 80 81 -Path $given -WhatIf } | Should -Throw -ExpectedMessage '*HKLM\SYSTEM\PortOwner Test\Port*'
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
