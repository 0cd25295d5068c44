using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Cli.Frames;
using Mfn.Cli.Kinetics;
using Mfn.Cli.Pictures;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary>The options that say which files the frames of a simulation are written to.</summary>
internal sealed class SimulationOutputOptions
{
    // What somebody may expect of a movie, and would not get.
    private static readonly string[] OtherFormats = [".webp", ".gif", ".avif", ".mp4", ".webm", ".mov", ".avi", ".mkv"];

    private const int DefaultFrameRate = 12;
    private const int MostFrameRate = 100;

    private readonly Option<string?> _history = new("--out-history")
    {
        Description = "Write all frames shown to one NPY file of doubles in volts, or in the model's unit, (frames, rows, columns).",
        HelpName = "FILE.npy",
    };

    private readonly Option<string?> _picture = new("--out-picture") { Description = "Draw the final field into a PNG file.", HelpName = "FILE.png" };
    private readonly Option<string?> _frames = new("--out-frames") { Description = "Draw each frame shown into a PNG file in this folder.", HelpName = "FOLDER" };
    private readonly Option<string?> _movie = new("--movie") { Description = "Draw the frames shown into one animated PNG file.", HelpName = "FILE.png" };
    private readonly Option<int?> _frameRate = NumberOption.Create<int>("--frame-rate", "N", "Frames of the movie a second: 1 to 100. Default: 12.").Within(1, MostFrameRate);
    private readonly PictureOptions _pictures = new("Default: all.");

    public void AddTo(Command command)
    {
        command.Add(_history);
        command.Add(_picture);
        command.Add(_frames);
        command.Add(_movie);
        command.Add(_frameRate);
        _pictures.AddTo(command);
    }

    /// <summary>How colours are chosen, in pictures and on the terminal.</summary>
    public RangeRule Range(ParseResult arguments) => arguments.GetValue(_pictures.Range) ?? RangeRule.All;

    /// <summary>Whether a movie is asked for, which wants more frames than a reader of lines.</summary>
    public bool MakesMovie(ParseResult arguments) => arguments.GetValue(_movie) is not null;

    /// <summary>The files that the arguments ask for.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="texts">What pictures say of themselves.</param>
    /// <param name="spec">What is simulated.</param>
    /// <param name="frameCount">How many frames there will be.</param>
    /// <param name="field">The option with the final field's file, which is written by others, and the file.</param>
    /// <exception cref="BadArgumentsException">They cannot be written, or the options contradict one another.</exception>
    public FrameOutputs Open(ParseResult arguments, PictureTexts texts, SimulationSpec spec, long frameCount, (string Option, string? Path) field)
    {
        var (history, picture, movie) = (OutputFile.Read(arguments, _history), OutputFile.Read(arguments, _picture), OutputFile.Read(arguments, _movie));
        OutputFile.CheckDistinct(field, (_history.Name, history), (_picture.Name, picture), (_movie.Name, movie));
        var folder = arguments.GetValue(_frames);
        var style = _pictures.Read(arguments, picture is not null || folder is not null || movie is not null, $"{_picture.Name}, {_frames.Name} or {_movie.Name}");
        arguments.RequireFor(movie is not null, $"with {_movie.Name}", _frameRate);

        // Known before the work rather than after it.
        var (rows, columns) = SpecShape.Of(spec);
        if (picture is not null || folder is not null || movie is not null)
        {
            FieldPicture.CheckSize(rows, columns, style.Scale);
        }

        if (movie is not null)
        {
            RequireMovie(arguments, movie, style);
            PictureMovie.CheckSize(_movie.Name, frameCount, rows, columns, style.Scale);
        }

        var outputs = new FrameOutputs();
        if (history is not null)
        {
            outputs.Add(new NpyStack(history));
        }

        if (picture is not null)
        {
            outputs.Add(new PictureFile(picture, style, texts));
        }

        if (folder is not null)
        {
            outputs.Add(new PictureFolder(FrameFolder.Create(_frames.Name, folder), style, texts));
        }

        if (movie is not null)
        {
            outputs.Add(new PictureMovie(movie, style, texts, arguments.GetValue(_frameRate) ?? DefaultFrameRate));
        }

        return outputs;
    }

    private void RequireMovie(ParseResult arguments, string path, PictureStyle style)
    {
        var problems = new List<string>();
        if (OtherFormats.Any(extension => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase)))
        {
            problems.Add($"{_movie.Name} must be an animated PNG, a file such as movie.png, but was '{path}'; other formats are not written.");
        }

        if (style is { HasColorBar: true, Range.Kind: RangeKind.Each })
        {
            problems.Add($"{_movie.Name} has one colour bar for all frames, which --range each has not.");
        }

        if (arguments.GetValue(_frameRate) is { } rate and not (>= 1 and <= MostFrameRate))
        {
            problems.Add($"{_frameRate.Name} must be between 1 and {MostFrameRate}, but was {rate}.");
        }

        BadArgumentsException.ThrowIfAny(problems);
    }
}
