using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Mfn.Client.Files;

/// <summary>Follows symbolic links to what they lead to, whether that exists or not.</summary>
internal static class FollowedPath
{
    private const int MostLinks = 40;

    /// <summary>The path without links, and what is there.</summary>
    /// <remarks>
    /// The framework takes <c>..</c> away from the text of a path, which is wrong behind a link to a folder; so each name is followed by itself.
    /// </remarks>
    public static (string Target, FileKind Kind) Resolve(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var start = Path.IsPathFullyQualified(path) ? path : Path.Join(Directory.GetCurrentDirectory(), path);
        var resolved = Path.GetPathRoot(start)!;
        var names = new Stack<string>();
        Push(names, start[resolved.Length..]);
        for (var links = 0; names.TryPop(out var name);)
        {
            if (name == "..")
            {
                resolved = Path.GetDirectoryName(resolved) ?? resolved;
                continue;
            }

            var next = Path.Join(resolved, name);
            if (LinkTarget(next) is not { } target)
            {
                resolved = next;
                continue;
            }

            // Links of processes to what they have open lead to no name.
            if (++links > MostLinks || next.StartsWith("/proc/", StringComparison.Ordinal))
            {
                return (next, links > MostLinks ? FileKind.Unreachable : FileKind.Special);
            }

            if (Path.IsPathFullyQualified(target))
            {
                resolved = Path.GetPathRoot(target)!;
                target = target[resolved.Length..];
            }

            Push(names, target);
        }

        return (resolved, KindOf(resolved, path));
    }

    private static void Push(Stack<string> names, string path)
    {
        foreach (var name in path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]).Reverse().Where(name => name is not ("" or ".")))
        {
            names.Push(name);
        }
    }

    private static string? LinkTarget(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static FileKind KindOf(string target, string path)
    {
        if (Directory.Exists(target))
        {
            return FileKind.Folder;
        }

        // A path that ends so can only be a folder's.
        if (path[^1] == Path.DirectorySeparatorChar || path[^1] == Path.AltDirectorySeparatorChar)
        {
            return FileKind.Unreachable;
        }

        return !OperatingSystem.IsLinux() ? Guess(target) : Ask(target);
    }

    /// <summary>The framework tells a pipe or a device from a file only by opening it, which may wait for ever or rewind a tape.</summary>
    private static FileKind Ask(string path)
    {
        // struct statx is the same on every processor: 256 bytes, the mode at 28.
        const int CurrentDirectory = -100;
        const uint Type = 1;
        const int ModeOffset = 28;
        const int TypeMask = 0xF000;
        const int RegularType = 0x8000;
        const int NameTooLong = 36;
        Span<byte> status = stackalloc byte[256];
        if (StatX(CurrentDirectory, path, 0, Type, ref MemoryMarshal.GetReference(status)) != 0)
        {
            return Marshal.GetLastPInvokeError() == NameTooLong ? FileKind.TooLong : FileKind.Missing;
        }

        var mode = BitConverter.IsLittleEndian
            ? BinaryPrimitives.ReadUInt16LittleEndian(status[ModeOffset..])
            : BinaryPrimitives.ReadUInt16BigEndian(status[ModeOffset..]);
        return (mode & TypeMask) == RegularType ? FileKind.Regular : FileKind.Special;
    }

    private static FileKind Guess(string path) =>
        !File.Exists(path) ? FileKind.Missing : OperatingSystem.IsWindows() || !path.StartsWith("/dev/", StringComparison.Ordinal) ? FileKind.Regular : FileKind.Special;

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatX(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, ref byte status);
}
