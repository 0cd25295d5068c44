using System.Runtime.InteropServices;

namespace Mfn.Client.Files;

/// <summary>
/// Whether the process was given its standard streams. If it was not, the system gives their descriptors to what the runtime opens first, such as a
/// pipe between its own threads: who reads that waits for ever, and who writes to it disturbs the runtime.
/// </summary>
public static class StandardStreams
{
    private const int Input = 0;
    private const int Output = 1;
    private const int Error = 2;

    /// <summary>Whether there is no standard output.</summary>
    public static bool IsOutputClosed => IsClosed(Output);

    /// <summary>Whether there is no standard error.</summary>
    public static bool IsErrorClosed => IsClosed(Error);

    /// <summary>A stream from standard input.</summary>
    /// <exception cref="IOException">There is none.</exception>
    public static Stream OpenInput() => IsClosed(Input) ? throw new IOException("Standard input is closed.") : Console.OpenStandardInput();

    /// <summary>Refuses a path that leads to a standard input that there is not.</summary>
    /// <exception cref="IOException">It does.</exception>
    public static void RequireOpen(string path)
    {
        if (path is "/dev/stdin" or "/dev/fd/0" or "/proc/self/fd/0" && IsClosed(Input))
        {
            throw new IOException($"'{path}' cannot be read: standard input is closed.");
        }
    }

    /// <summary>What was inherited was not to be closed with the change of the program; what the runtime opens is.</summary>
    private static bool IsClosed(int descriptor)
    {
        const int GetFlags = 1;
        const int CloseOnExec = 1;
        return !OperatingSystem.IsWindows() && (FileControl(descriptor, GetFlags) is var flags) && (flags < 0 || (flags & CloseOnExec) != 0);
    }

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FileControl(int descriptor, int command);
}
