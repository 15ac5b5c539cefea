BeforeDiscovery {
    $onLinux = $PSVersionTable.PSVersion.Major -ge 6 -and $IsLinux
    $isRoot = $onLinux -and (& /usr/bin/id -u) -eq '0'
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $listener = New-Listener
    $port = $listener.Port
}

AfterAll {
    $listener.Stop()
}

Describe 'The manifest' {
    BeforeAll {
        $path = Join-Path $moduleFolder 'PortOwner.psd1'
        $warnings = $null
        $manifest = Test-ModuleManifest -Path $path -WarningVariable warnings -WarningAction SilentlyContinue
        $data = (Import-PowerShellDataFile -LiteralPath $path).PrivateData.PSData
    }

    It 'is whole, and holds without a warning' {
        $warnings | Should -BeNullOrEmpty
        foreach ($name in 'Author', 'CompanyName', 'Copyright', 'Description', 'RootModule') { $manifest.$name | Should -Not -BeNullOrEmpty -Because $name }
        $manifest.Version | Should -Not -Be '0.0.0'
        $manifest.Guid | Should -Not -Be ([guid]::Empty)
    }

    It 'says what is new in this version' {
        $data.ReleaseNotes | Should -Match "^## $([regex]::Escape("$($manifest.Version)")) - "
        $data.ReleaseNotes.Length | Should -BeLessOrEqual 35000
    }

    It 'has a license with an address' {
        ([uri] $data.LicenseUri).Scheme | Should -Be 'https'
    }

    It 'has tags that the PowerShell Gallery takes, those of the editions and systems among them' {
        $data.Tags | Where-Object { $_ -notmatch '^[A-Za-z0-9_.-]+$' } | Should -BeNullOrEmpty
        @($data.Tags | Sort-Object -Unique).Count | Should -Be $data.Tags.Count
        'PSEdition_Desktop', 'PSEdition_Core', 'Windows', 'Linux' | Should -BeIn $data.Tags
        "$($data.Tags)".Length | Should -BeLessOrEqual 4000
    }

    It 'has the address of the project' {
        $package = Get-Content -LiteralPath (Join-Path (Split-Path (Split-Path $PSScriptRoot)) 'package.json') -Raw | ConvertFrom-Json
        if (-not $package.PSObject.Properties['homepage']) {
            $data.Contains('ProjectUri') | Should -BeFalse
            Set-ItResult -Skipped -Because 'package.json has no homepage, which the manifest needs as ProjectUri to be published'
        }
        ([uri] $data.ProjectUri).Scheme | Should -Be 'https'
        $data.ProjectUri | Should -Be $package.homepage
    }
}

Describe 'Installed from a package' -Skip:(-not $onLinux) {
    BeforeAll {
        # The executable is large: in the package a small program that runs it stands for it.
        $source = Join-Path $TestDrive 'source/PortOwner'
        $null = New-Item -ItemType Directory -Path $source
        Get-ChildItem -LiteralPath $moduleFolder -Exclude bin | Copy-Item -Destination $source -Recurse
        $null = New-Item -ItemType Directory -Path (Join-Path $source 'bin')
        $program = Join-Path $source 'bin/portowner'
        [System.IO.File]::WriteAllText($program, "#!/bin/sh`nexec '$executable' `"`$@`"`n")
        chmod 755 $program

        # PSResourceGet keeps its list of repositories, and what it installs, in the user's own folder.
        $home_ = Join-Path $TestDrive 'home'
        $gallery = Join-Path $TestDrive 'gallery'
        $null = New-Item -ItemType Directory -Path $home_, $gallery
        $environment = @{ HOME = $home_; XDG_DATA_HOME = $null; XDG_CONFIG_HOME = $null; XDG_CACHE_HOME = $null }
        $saved = Join-Path $TestDrive 'saved'
        $installing = @"
`$ErrorActionPreference = 'Stop'
Compress-PSResource -Path '$source' -DestinationPath '$gallery'
Register-PSResourceRepository -Name local -Uri '$gallery' -Trusted
`$null = New-Item -ItemType Directory '$saved'
Save-PSResource PortOwner -Repository local -Path '$saved'
Install-PSResource PortOwner -Repository local -Scope CurrentUser
(Get-InstalledPSResource PortOwner).InstalledLocation
"@
        $said = @(Invoke-Shell $installing $environment)
        $version = "$((Get-Module PortOwner).Version)"
        $bare = Join-Path $saved "PortOwner/$version/bin/portowner"
        $ssh = Join-Path $saved "PortOwner/$version/Collector/ssh.sh"
        $import = "Import-Module '$saved/PortOwner'; "
        # Says the port that was found, or the error.
        $question = "try { (Get-PortOwner $port).LocalPort } catch { `$_.FullyQualifiedErrorId; `"`$_`"; `$_.ErrorDetails.RecommendedAction }"
    }

    It 'by Install-PSResource it runs, though the package has no marks of programs' {
        $said[-1] | Should -BeLike "$home_/*"
        Test-Path -LiteralPath "$($said[-1])/PortOwner/$version/bin/portowner" | Should -BeTrue
        (Get-Item -LiteralPath "$($said[-1])/PortOwner/$version/bin/portowner").UnixMode | Should -Not -Match 'x' -Because 'else this test shows nothing'
        Invoke-Shell "$question; (Get-Module PortOwner).Path" $environment | Should -Be "$port", "$($said[-1])/PortOwner/$version/PortOwner.psm1"
    }

    It 'by Save-PSResource it runs, in constrained language too' {
        foreach ($one in $bare, $ssh) { (Get-Item -LiteralPath $one).UnixMode | Should -Not -Match 'x' }
        $constrained = '$ExecutionContext.SessionState.LanguageMode = "ConstrainedLanguage"; '
        Invoke-Shell "$import$constrained$question" | Should -Be "$port"
        (Get-Item -LiteralPath $bare).UnixMode | Should -Match '^-rwx'
        (Get-Item -LiteralPath $ssh).UnixMode | Should -Match '^-rwx'
    }

    It 'tells another user, who may not mark it, the command' -Skip:(-not $isRoot) {
        chmod 644 $bare $ssh
        chmod -R a+rX $TestDrive
        $file = Join-Path $TestDrive 'question.ps1'
        Set-Content -LiteralPath $file -Value "$import$question"
        $said = @(& /usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups env "HOME=$home_" $shell -NoProfile -NonInteractive -File $file 2>&1)
        $said[0] | Should -Be 'PO3005,Get-PortOwner'
        $said[-1] | Should -BeLike "*run: chmod +x '$bare' '$ssh'"
    }

    It 'warns another user that what stands before ssh is not marked, and goes on: <_>' -Skip:(-not $isRoot) -ForEach 'unmarked', 'missing' {
        chmod 755 $bare
        chmod 644 $ssh
        if ($_ -eq 'missing') { Move-Item -LiteralPath $ssh -Destination "$ssh.away" }
        $file = Join-Path $TestDrive 'question.ps1'
        Set-Content -LiteralPath $file -Value "${import}Get-PortOwner 1 -HostName 127.0.0.1 -RemotingPort $(Get-ClosedPort) -ErrorVariable problems -ErrorAction SilentlyContinue 3>&1; `"`$problems`""
        try {
            $said = @(& /usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups env "HOME=$home_" $shell -NoProfile -NonInteractive -File $file 2>&1)
        } finally {
            if ($_ -eq 'missing') { Move-Item -LiteralPath "$ssh.away" -Destination $ssh }
        }
        $said[0] | Should -BeLike "*PowerShell itself can end*$ssh cannot run ($_).*"
        $said[-1] | Should -BeLike '127.0.0.1 could not be queried: *'
    }

    It 'says where no program may run' -Skip:(-not $isRoot) {
        $file = Join-Path $TestDrive 'question.ps1'
        Set-Content -LiteralPath $file -Value "$import$question"
        $said = @(& /usr/bin/unshare --mount /bin/sh -c 'mount --bind "$0" "$0" && mount -o remount,bind,noexec "$0" && exec "$@"' $saved $shell -NoProfile -NonInteractive -File $file 2>&1)
        $said[0] | Should -Be 'PO3005,Get-PortOwner'
        $said[1] | Should -BeLike '*noexec*'
    }
}
