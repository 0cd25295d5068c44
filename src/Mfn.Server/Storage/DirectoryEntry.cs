using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Mfn.Server.Storage;

/// <summary>Tells what an entry of a directory is without opening it.</summary>
internal static class DirectoryEntry
{
    // Linux's error number.
    private const int NoSuchEntry = 2;

    /// <summary>What is at a path.</summary>
    public static EntryKind KindOf(string path) => OperatingSystem.IsLinux() ? Ask(path) : Guess(path);

    /// <summary>The kind in words.</summary>
    public static string Tell(EntryKind kind) => kind switch
    {
        EntryKind.Missing => "missing",
        EntryKind.File => "a file",
        EntryKind.Folder => "a folder",
        EntryKind.Link => "a symbolic link",
        EntryKind.Special => "a device, a pipe or a socket",
        _ => "nothing that the system can tell",
    };

    private static EntryKind Ask(string path)
    {
        // struct statx is the same on every processor: 256 bytes, the mode at 28.
        const int CurrentDirectory = -100;
        const int NoFollow = 0x100;
        const uint Type = 1;
        const int ModeOffset = 28;
        Span<byte> status = stackalloc byte[256];
        if (StatX(CurrentDirectory, path, NoFollow, Type, ref MemoryMarshal.GetReference(status)) != 0)
        {
            return Marshal.GetLastPInvokeError() == NoSuchEntry ? EntryKind.Missing : EntryKind.Unknown;
        }

        var mode = BitConverter.IsLittleEndian
            ? BinaryPrimitives.ReadUInt16LittleEndian(status[ModeOffset..])
            : BinaryPrimitives.ReadUInt16BigEndian(status[ModeOffset..]);
        return (mode & 0xF000) switch
        {
            0x8000 => EntryKind.File,
            0x4000 => EntryKind.Folder,
            0xA000 => EntryKind.Link,
            _ => EntryKind.Special,
        };
    }

    /// <summary>The framework cannot tell a pipe from a file, but elsewhere than on Linux nobody puts one here.</summary>
    private static EntryKind Guess(string path)
    {
        try
        {
            var attributes = File.GetAttributes(path);
            return attributes.HasFlag(FileAttributes.ReparsePoint) ? EntryKind.Link : attributes.HasFlag(FileAttributes.Directory) ? EntryKind.Folder : EntryKind.File;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return EntryKind.Missing;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return EntryKind.Unknown;
        }
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatX(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, ref byte status);
}
