namespace Mfn.Server.Storage;

/// <summary>Which runtimes tell a program that its data is on disk when the system said that it could not write it.</summary>
internal static class RuntimeFlush
{
    /// <summary>
    /// Whether the runtime takes a failed fsync for success, in FileStream.Flush and RandomAccess.FlushToDisk: its native part then returns 1
    /// where it expects -1. Those of .NET 10.0.11 to 10.0.14 do, but for Windows.
    /// </summary>
    public static bool HidesFailures(Version runtime) => !OperatingSystem.IsWindows() && runtime is { Major: 10, Minor: 0, Build: >= 11 and <= 14 };
}
