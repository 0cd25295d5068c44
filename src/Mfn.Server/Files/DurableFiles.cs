using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mfn.Server.Files;

/// <summary>Files and directories that are on disk when a call has returned, readable by their owner alone.</summary>
internal static class DurableFiles
{
    /// <summary>What the name of something not yet complete ends with.</summary>
    public const string TemporarySuffix = ".new";

    // Linux's error numbers.
    private const int Interrupted = 4;
    private const int InvalidArgument = 22;
    private const int NotSupported = 95;

    /// <summary>Creates a directory that only its owner can use, and those above it that are missing; one that exists stays as it is.</summary>
    public static void CreateDirectory(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        var parent = Path.GetDirectoryName(path)!;
        CreateDirectory(parent);
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        FlushDirectory(parent);
    }

    /// <summary>Writes a file under another name and renames it when it is complete: a crash leaves the file as it was before, or as it is after.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public static void Replace(string path, Action<Stream> write)
    {
        Prepare(path, write);
        ReplaceByPrepared(path);
    }

    /// <summary>Writes what a file is to be replaced by under another name.</summary>
    /// <exception cref="IOException">It could not be written; nothing is left of it.</exception>
    public static void Prepare(string path, Action<Stream> write)
    {
        var temporary = path + TemporarySuffix;
        try
        {
            using var stream = Create(temporary);
            write(stream);
            Flush(stream.SafeFileHandle);
        }
        catch (Exception error)
        {
            DeleteIfPossible(temporary);
            if (IsWriteFailure(error))
            {
                throw new IOException($"{path} could not be written: {error.Message}", error);
            }

            throw;
        }
    }

    /// <summary>Replaces a file by what was prepared for it.</summary>
    /// <exception cref="IOException">It is not known whether the file has been replaced.</exception>
    public static void ReplaceByPrepared(string path)
    {
        try
        {
            File.Move(path + TemporarySuffix, path, overwrite: true);
        }
        catch (Exception error) when (IsWriteFailure(error))
        {
            DeleteIfPossible(path + TemporarySuffix);
            throw new IOException($"{path} could not be written: {error.Message}", error);
        }

        FlushDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Deletes what was prepared for a file.</summary>
    public static void DeletePrepared(string path) => File.Delete(path + TemporarySuffix);

    /// <summary>
    /// Makes what was created, renamed or deleted in a directory survive a power cut. Only Linux has a way that is used here; elsewhere the file
    /// system's journal must do.
    /// </summary>
    public static void FlushDirectory(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        const int CloseOnExec = 0x80000;
        using var handle = Open(path, CloseOnExec);
        if (handle.IsInvalid)
        {
            throw new IOException($"{path} could not be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        try
        {
            Flush(handle);
        }
        catch (IOException error) when (error.HResult is InvalidArgument or NotSupported)
        {
            // Some file systems have nothing to flush of a directory.
        }
        catch (IOException error)
        {
            throw new IOException($"{path} could not be flushed to disk: {error.Message}", error);
        }
    }

    /// <summary>Returns when what was written to a file is on disk.</summary>
    /// <exception cref="IOException">The system could not write it; it may have dropped it, and would say nothing of that when it is asked again.</exception>
    public static void Flush(SafeFileHandle handle)
    {
        // Not all runtimes notice that fsync fails: see the room Storage, RuntimeFlush.
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(handle);
            return;
        }

        while (FSync(handle) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
            }
        }
    }

    /// <summary>Fills the destination from a position on, or as much of it as the file has; returns how much.</summary>
    public static int ReadFully(SafeFileHandle handle, Span<byte> destination, long position)
    {
        var filled = 0;
        int count;
        while (filled < destination.Length && (count = RandomAccess.Read(handle, destination[filled..], position + filled)) > 0)
        {
            filled += count;
        }

        return filled;
    }

    /// <summary>Copies a file's bytes from a position to its end.</summary>
    public static void Copy(SafeFileHandle handle, long position, Stream destination)
    {
        var chunk = new byte[64 * 1024];
        int count;
        while ((count = RandomAccess.Read(handle, chunk, position)) > 0)
        {
            destination.Write(chunk, 0, count);
            position += count;
        }
    }

    /// <summary>Whether the exception says that a write failed. A file over the limit of its size is reported as an argument out of range.</summary>
    public static bool IsWriteFailure(Exception error) => error is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException;

    private static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    private static void DeleteIfPossible(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // What led here is thrown, and the next start of the server deletes the rest.
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern SafeFileHandle Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FSync(SafeFileHandle file);
}
