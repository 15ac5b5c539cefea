@{
    RootModule           = 'PortOwner.psm1'
    # The build puts package.json's version here, and the functions of Public/ below.
    ModuleVersion        = '0.0.0'
    GUID                 = 'a6f1c0de-7d0b-4d5c-9c43-52b1d0c3e7f4'
    Author               = 'PortOwner contributors'
    CompanyName          = 'PortOwner contributors'
    Copyright            = '(c) PortOwner contributors. MIT License.'
    Description          = 'Says who owns a port, why it cannot be bound, and which one is free: the process, service or container behind every socket, as objects.'
    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Desktop', 'Core')
    FormatsToProcess     = @('PortOwner.format.ps1xml')
    TypesToProcess       = @('PortOwner.types.ps1xml')
    FunctionsToExport    = @()
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
    PrivateData          = @{
        PSData = @{
            Tags         = @('port', 'netstat', 'socket', 'process', 'tcp', 'udp', 'listener', 'network', 'Windows', 'Linux', 'PSEdition_Desktop', 'PSEdition_Core')
            LicenseUri   = 'https://opensource.org/license/mit'
            # The build puts package.json's homepage and the section of CHANGELOG.md here.
            ProjectUri   = ''
            ReleaseNotes = 'See CHANGELOG.md.'
        }
    }
}
