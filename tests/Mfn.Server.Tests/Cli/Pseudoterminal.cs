using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.Win32.SafeHandles;

namespace Mfn.Server.Tests.Cli;

/// <summary>The real executable on a terminal of 24 lines and 80 columns, without anything but a POSIX system.</summary>
internal static class Pseudoterminal
{
    private const int ReadWrite = 2;
    private const int NoControllingTerminal = 0x100;
    private const nuint SetWindowSize = 0x5414;

    /// <summary>Runs a command to its end; returns all that its terminal got.</summary>
    public static async Task<(int ExitCode, string Screen)> RunAsync(IReadOnlyDictionary<string, string> environment, string[] arguments, bool hasSize = true)
    {
        var master = Require(OpenTerminal(ReadWrite | NoControllingTerminal));
        using var masterHandle = new SafeFileHandle(master, ownsHandle: true);
        Require(Grant(master));
        Require(Unlock(master));
        var name = new byte[128];
        Require(Name(master, name, name.Length));
        var path = Encoding.ASCII.GetString(name.AsSpan(0, name.AsSpan().IndexOf((byte)0)));
        if (hasSize)
        {
            var size = new WindowSize { Rows = 24, Columns = 80 };
            Require(Control(master, SetWindowSize, ref size));
        }

        // While this end is open, the terminal does not hang up before the command has begun.
        var slave = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" <\"$0\" >\"$0\" 2>\"$0\"", path, "dotnet", Path.Combine(AppContext.BaseDirectory, "mfn.dll"), .. arguments]);
        start.Environment["TERM"] = "xterm-256color";
        start.Environment.Remove("NO_COLOR");
        foreach (var (variable, value) in environment)
        {
            start.Environment[variable] = value;
        }

        using var process = Process.Start(start)!;
        try
        {
            var reading = Task.Run(() => ReadAll(masterHandle));
            await process.WaitForExitAsync().Within();
            await slave.DisposeAsync();
            return (process.ExitCode, await reading.Within());
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }

            await slave.DisposeAsync();
        }
    }

    private static string ReadAll(SafeFileHandle master)
    {
        var text = new StringBuilder();
        var decoder = Encoding.UTF8.GetDecoder();
        var (bytes, characters) = (new byte[4096], new char[4097]);
        while (true)
        {
            var count = (int)Read(master, bytes, bytes.Length);
            if (count <= 0)
            {
                // EIO: nobody has the terminal open any more.
                return text.ToString();
            }

            text.Append(characters, 0, decoder.GetChars(bytes, 0, count, characters, 0));
        }
    }

    private static int Require(int result) =>
        result >= 0 ? result : throw new InvalidOperationException($"The terminal cannot be made: error {Marshal.GetLastPInvokeError()}.");

    [DllImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int OpenTerminal(int flags);

    [DllImport("libc", EntryPoint = "grantpt", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Grant(int descriptor);

    [DllImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Unlock(int descriptor);

    [DllImport("libc", EntryPoint = "ptsname_r", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Name(int descriptor, byte[] name, nint length);

    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(int descriptor, nuint request, ref WindowSize size);

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Read(SafeFileHandle descriptor, byte[] buffer, nint count);

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort WidthPixels;
        public ushort HeightPixels;
    }
}
