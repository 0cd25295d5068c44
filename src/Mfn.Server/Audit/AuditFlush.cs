using Mfn.Server.Files;
using Microsoft.Win32.SafeHandles;

namespace Mfn.Server.Audit;

/// <summary>What is to be done so that what was written is on disk. It may take long, and more may be written meanwhile.</summary>
/// <param name="files">The files that were left for another one; they are closed.</param>
/// <param name="active">The file that is written.</param>
/// <param name="folder">Where the files are.</param>
/// <param name="head">Gets how far the log goes.</param>
/// <param name="position">The last line that was written.</param>
/// <param name="firstNumber">The number of the first line of the file that is written.</param>
internal sealed class AuditFlush(IReadOnlyList<SafeFileHandle> files, SafeFileHandle active, string folder, SafeFileHandle head, AuditPosition position, long firstNumber)
{
    /// <summary>How far the log is on disk when this is done.</summary>
    public AuditPosition Position => position;

    /// <exception cref="IOException">It is not known what is on disk.</exception>
    public void Execute()
    {
        try
        {
            foreach (var file in files)
            {
                DurableFiles.Flush(file);
            }

            DurableFiles.Flush(active);
            if (files.Count > 0)
            {
                DurableFiles.FlushDirectory(folder);
            }

            RandomAccess.Write(head, AuditHead.Write(position, firstNumber), 0);
        }
        catch (Exception error) when (DurableFiles.IsWriteFailure(error))
        {
            throw new IOException(error.Message, error);
        }
        finally
        {
            foreach (var file in files)
            {
                file.Dispose();
            }
        }
    }
}
