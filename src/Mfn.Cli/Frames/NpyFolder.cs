using Mfn.Client.Npy;

namespace Mfn.Cli.Frames;

/// <summary>Writes each frame to an NPY file of doubles: volts, or concentrations.</summary>
internal sealed class NpyFolder(string path) : IFrameOutput
{
    private long _count;

    public void Write(FieldFrame frame)
    {
        NpyFile.Write(FrameFolder.FileOf(path, frame, "npy"), frame.Values.Span, frame.RowCount, frame.ColumnCount);
        _count++;
    }

    public string? Complete() => _count > 0 ? $"wrote {_count} fields to {path}" : null;

    public void Dispose()
    {
    }
}
