using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mfn.Client.Files;

/// <summary>
/// A file that is being written under another name, and takes its place when it is complete: what <see cref="FileReplacement"/> does at once, for those who
/// write bit by bit. Disposed before that, it leaves what was there.
/// </summary>
public sealed class PendingFile : IDisposable
{
    private const UnixFileMode NewFileMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly string _target;
    private readonly string _partial;
    private readonly FileStream _file;
    private bool _isDone;

    /// <param name="path">The file, or a link to it; neither need exist, but the folder must.</param>
    /// <param name="permissions">Those that it gets, except on Windows; null for those that it has, or that new files get.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public PendingFile(string path, UnixFileMode? permissions = null)
    {
        if (FileReplacement.FindProblem(path) is { } problem)
        {
            throw FileReplacement.Failure(path, problem + ".", null);
        }

        (_target, var kind) = FollowedPath.Resolve(path);

        // Not made of the file's own name, which may be as long as names can be.
        _partial = Path.Join(Path.GetDirectoryName(_target), $".mfn-{Guid.NewGuid():N}.partial");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        var mode = NewFileMode;
        if (!OperatingSystem.IsWindows())
        {
            mode = permissions ?? (kind == FileKind.Regular ? File.GetUnixFileMode(_target) : NewFileMode);
            options.UnixCreateMode = mode;
        }

        try
        {
            _file = new FileStream(_partial, options);
        }
        catch (Exception error) when (FileReplacement.IsFailure(error))
        {
            throw FileReplacement.Failure(path, $"its folder takes no new file: {error.Message}", error);
        }

        if (kind == FileKind.Regular && !OperatingSystem.IsWindows())
        {
            // The process's mask does not hold for a file that was there.
            File.SetUnixFileMode(_file.SafeFileHandle, mode);
        }
    }

    /// <summary>Takes the content; it can be sought in.</summary>
    public Stream Stream => _file;

    /// <summary>The content is whole: puts the file in its place.</summary>
    /// <exception cref="IOException">It cannot be; what was there is there.</exception>
    public void Complete()
    {
        FlushToDisk();
        _file.Dispose();
        File.Move(_partial, _target, overwrite: true);
        _isDone = true;
    }

    private void FlushToDisk()
    {
        _file.Flush();
        if (!OperatingSystem.IsLinux())
        {
            _file.Flush(flushToDisk: true);
            return;
        }

        // .NET 10.0.11 to 10.0.14 take a failed flush for success.
        const int Interrupted = 4;
        const int InvalidArgument = 22;
        const int NotSupported = 95;
        while (FSync(_file.SafeFileHandle) != 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    break;
                case InvalidArgument or NotSupported:
                    // Some file systems have nothing to flush.
                    return;
                case var error:
                    throw new IOException($"it could not be flushed to disk: {Marshal.GetPInvokeErrorMessage(error)}", error);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _file.Dispose();
        }
        catch (Exception error) when (FileReplacement.IsFailure(error))
        {
            // What could not be written is still in its buffer; that it could not has been thrown.
        }

        if (!_isDone)
        {
            File.Delete(_partial);
        }
    }

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FSync(SafeFileHandle file);
}
