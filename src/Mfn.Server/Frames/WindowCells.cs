using System.Buffers;

namespace Mfn.Server.Frames;

/// <summary>The cells of one window of one field, extracted once; the field's own where the window is all of it.</summary>
internal sealed class WindowCells
{
    private readonly FieldWindow _window;
    private readonly double[]? _means;
    private CellExtremes? _extremes;

    public WindowCells(in FrameSource source, FieldWindow window)
    {
        _window = window;
        if (window.Downsampling == 1 && window.IsWhole(source.RowCount, source.ColumnCount))
        {
            return;
        }

        _means = ArrayPool<double>.Shared.Rent(window.SquareCount);
        window.Extract(source.Species(window.Species), source.ColumnCount, _means.AsSpan(0, window.SquareCount));
    }

    /// <summary>Whether these are all cells of the field.</summary>
    public bool IsWholeField => _means is null;

    /// <summary>The cells, row after row.</summary>
    public ReadOnlySpan<double> Of(in FrameSource source) => _means is null ? source.Species(_window.Species) : _means.AsSpan(0, _window.SquareCount);

    /// <summary>Their extremes, found once.</summary>
    public CellExtremes ExtremesIn(in FrameSource source) => _extremes ??= CellExtremes.Of(Of(source));

    /// <summary>Gives the memory back.</summary>
    public void Free()
    {
        if (_means is not null)
        {
            ArrayPool<double>.Shared.Return(_means);
        }
    }
}
