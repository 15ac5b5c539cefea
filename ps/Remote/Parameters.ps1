# The parameters by which other machines are asked, once: the build puts them, and what their help says, into each
# function whose parameters end with a comment that names this file.
function RemoteParameters {
    <#
    .PARAMETER ComputerName
        Asks these machines by WinRM, side by side, with nothing installed there. This machine (its own name, localhost, .)
        is answered without remoting.

    .PARAMETER Credential
        Signs in to the machines of -ComputerName as this account.

    .PARAMETER Authentication
        How WinRM signs in, as in New-PSSession.

    .PARAMETER UseSSL
        Uses HTTPS for WinRM.

    .PARAMETER SessionOption
        Options for WinRM, as New-PSSessionOption makes them.

    .PARAMETER ConfigurationName
        The endpoint to ask, where it is not the usual one. One without a language (JEA) cannot answer.

    .PARAMETER Session
        Asks through these sessions, which stay open.

    .PARAMETER HostName
        Asks these machines by SSH: server7, ann@server7. It needs PowerShell 7 here, and nothing but an SSH server there:
        where that has no PowerShell subsystem, the machine is asked by plain ssh.

    .PARAMETER UserName
        The account for -HostName.

    .PARAMETER KeyFilePath
        The file of the private key for -HostName.

    .PARAMETER SSHConnection
        Asks by SSH with a hashtable for each machine, as New-PSSession takes them: HostName, Port, UserName, KeyFilePath.

    .PARAMETER RemotingPort
        The port of WinRM or SSH there. -Port is what is asked about.

    .PARAMETER ThrottleLimit
        So many machines are asked at once. By default 32.

    .PARAMETER OperationTimeout
        How many seconds a machine may take to answer. By default 180.

    .PARAMETER AsJob
        Does it in the background, and gives the job.
    #>
    param(
        [Parameter(Mandatory, ParameterSetName = 'ComputerName')]
        [ValidateNotNullOrEmpty()]
        [Alias('Cn')]
        [string[]] $ComputerName,

        [Parameter(ParameterSetName = 'ComputerName')]
        [System.Management.Automation.Credential()]
        [pscredential] $Credential,

        [Parameter(ParameterSetName = 'ComputerName')]
        [System.Management.Automation.Runspaces.AuthenticationMechanism] $Authentication,

        [Parameter(ParameterSetName = 'ComputerName')]
        [switch] $UseSSL,

        [Parameter(ParameterSetName = 'ComputerName')]
        [System.Management.Automation.Remoting.PSSessionOption] $SessionOption,

        [Parameter(ParameterSetName = 'ComputerName')]
        [ValidateNotNullOrEmpty()]
        [string] $ConfigurationName,

        [Parameter(Mandatory, ParameterSetName = 'Session')]
        [ValidateNotNullOrEmpty()]
        [System.Management.Automation.Runspaces.PSSession[]] $Session,

        [Parameter(Mandatory, ParameterSetName = 'HostName')]
        [ValidateNotNullOrEmpty()]
        [string[]] $HostName,

        [Parameter(ParameterSetName = 'HostName')]
        [ValidateNotNullOrEmpty()]
        [string] $UserName,

        [Parameter(ParameterSetName = 'HostName')]
        [ValidateNotNullOrEmpty()]
        [string] $KeyFilePath,

        [Parameter(Mandatory, ParameterSetName = 'SSHConnection')]
        [ValidateNotNullOrEmpty()]
        [hashtable[]] $SSHConnection,

        [Parameter(ParameterSetName = 'ComputerName')]
        [Parameter(ParameterSetName = 'HostName')]
        [ValidateRange(1, 65535)]
        [int] $RemotingPort,

        [Parameter(ParameterSetName = 'ComputerName')]
        [Parameter(ParameterSetName = 'Session')]
        [Parameter(ParameterSetName = 'HostName')]
        [Parameter(ParameterSetName = 'SSHConnection')]
        [ValidateRange(1, 256)]
        [int] $ThrottleLimit,

        [Parameter(ParameterSetName = 'ComputerName')]
        [Parameter(ParameterSetName = 'Session')]
        [Parameter(ParameterSetName = 'HostName')]
        [Parameter(ParameterSetName = 'SSHConnection')]
        [ValidateRange(1, 86400)]
        [int] $OperationTimeout,

        [Parameter(ParameterSetName = 'ComputerName')]
        [Parameter(ParameterSetName = 'Session')]
        [Parameter(ParameterSetName = 'HostName')]
        [Parameter(ParameterSetName = 'SSHConnection')]
        [switch] $AsJob
    )
}
