using Mfn.Cli.Pictures;
using Mfn.Client.Files;

namespace Mfn.Cli.Frames;

/// <summary>
/// Draws all frames into one animated PNG file. With one colour range over all frames they are drawn at the end, when it is known; until then their fields wait
/// in a file beside the movie. No more than a frame is in memory.
/// </summary>
internal sealed class PictureMovie(string path, PictureStyle style, PictureTexts texts, int framesPerSecond) : IFrameOutput
{
    /// <summary>Frames of a movie at most.</summary>
    public const int MostFrames = 1000;

    /// <summary>Pixels of all frames of a movie at most: what its file can grow to in bytes.</summary>
    public const long MostPixels = 1L << 30;

    private readonly RangeTracker _ranges = new(style.Range);
    private readonly WaitingFields _waiting = new(Path.GetDirectoryName(Path.GetFullPath(path))!);
    private readonly List<(FieldFrame Frame, long Position)> _frames = [];
    private PendingFile? _file;
    private PngMovie? _movie;
    private (FieldFrame Frame, ColorRange Range) _last;

    /// <summary>Refuses a movie that would be too long or too large, as it is known before the work.</summary>
    /// <param name="option">What asks for it.</param>
    /// <param name="frameCount">Its frames.</param>
    /// <param name="rowCount">Rows of a field.</param>
    /// <param name="columnCount">Columns of a field.</param>
    /// <param name="scale">Pixels along a side of a cell.</param>
    /// <exception cref="BadArgumentsException">It would be.</exception>
    public static void CheckSize(string option, long frameCount, int rowCount, int columnCount, int scale)
    {
        if (frameCount > MostFrames)
        {
            throw new BadArgumentsException($"{option} may have {MostFrames} frames at most, but would have {frameCount}; --every makes them fewer.");
        }

        var pixelCount = frameCount * rowCount * columnCount * scale * scale;
        if (pixelCount > MostPixels)
        {
            throw new BadArgumentsException(
                $"{option} may have {MostPixels} pixels in all its frames at most, but would have {pixelCount}; --every makes frames fewer, --scale smaller.");
        }
    }

    public void Write(FieldFrame frame)
    {
        var range = _ranges.Take(frame.Values.Span, frame.Subject.Quantity);
        if (style.Range.Kind == RangeKind.All)
        {
            FileReplacement.Attempt(path, () => _frames.Add((frame with { Values = default }, _waiting.Add(frame.Values.Span))));
        }
        else
        {
            Draw(frame, range);
        }
    }

    public string? Complete()
    {
        if (_ranges.Common is { } range)
        {
            foreach (var (frame, position) in _frames)
            {
                Draw(frame with { Values = _waiting.Read(position, frame.RowCount * frame.ColumnCount) }, range);
            }
        }

        if (_movie is null || _file is null)
        {
            return null;
        }

        FileReplacement.Attempt(path, () =>
        {
            _movie.Complete(texts.Of(_last.Frame, _last.Range));
            _file.Complete();
        });
        return $"wrote {path}, {_movie.FrameCount} frames of {_movie.ColumnCount} x {_movie.RowCount} pixels";
    }

    public void Dispose()
    {
        _waiting.Dispose();
        _file?.Dispose();
    }

    private void Draw(FieldFrame frame, ColorRange range)
    {
        var picture = FieldPicture.Draw(frame, range, style);
        _last = (frame with { Values = default }, range);
        FileReplacement.Attempt(path, () =>
        {
            _file ??= new PendingFile(path);
            _movie ??= new PngMovie(_file.Stream, picture.RowCount, picture.ColumnCount, framesPerSecond);
            _movie.Add(picture);
        });
    }
}
