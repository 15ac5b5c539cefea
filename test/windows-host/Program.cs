// PowerShell as pwsh.exe starts it, with a console of its own where there is none. Wine gives a program none that was
// started by one of Linux, and PowerShell ends at once without: it asks the console for colors, size and code page, also
// where its standard streams are pipes or files.
using System.Runtime.InteropServices;

internal static partial class Program
{
    private static readonly int[] streams = [-10, -11, -12];

    private static int Main(string[] args)
    {
        if (!HasConsole())
        {
            nint[] handles = [.. streams.Select(GetStdHandle)];
            FreeConsole();
            if (!AllocConsole()) throw new System.ComponentModel.Win32Exception(Marshal.GetLastPInvokeError());
            foreach (var (stream, handle) in streams.Zip(handles)) SetStdHandle(stream, handle);
            // That of an American Windows, whatever the code page of this Wine is.
            SetConsoleCP(437);
            SetConsoleOutputCP(437);
        }
        return Microsoft.PowerShell.UnmanagedPSEntry.Start(args, args.Length);
    }

    private static bool HasConsole()
    {
        const uint readAndWrite = 0xC0000000, shared = 3, existing = 3;
        var handle = CreateFile("CONOUT$", readAndWrite, shared, 0, existing, 0, 0);
        return handle != -1 && CloseHandle(handle);
    }

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool AllocConsole();

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool FreeConsole();

    [LibraryImport("kernel32")]
    private static partial nint GetStdHandle(int stream);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetStdHandle(int stream, nint handle);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetConsoleCP(uint codePage);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetConsoleOutputCP(uint codePage);

    [LibraryImport("kernel32", EntryPoint = "CreateFileW", StringMarshalling = StringMarshalling.Utf16)]
    private static partial nint CreateFile(string name, uint access, uint share, nint security, uint creation, uint flags, nint template);

    [LibraryImport("kernel32")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CloseHandle(nint handle);
}
