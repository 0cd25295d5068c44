using System.CommandLine;
using Mfn.Cli.Frames;
using Mfn.Cli.Pictures;

namespace Mfn.Cli;

/// <summary>The options that say which files the frames of a simulation are written to.</summary>
internal sealed class SimulationOutputOptions
{
    private const int DefaultGridSize = 64;

    private readonly Option<string?> _history = new("--out-history")
    {
        Description = "Write all frames shown to one NPY file of doubles in volts, (frames, rows, columns).",
        HelpName = "FILE.npy",
    };

    private readonly Option<string?> _picture = new("--out-picture") { Description = "Draw the final field into a PNG file.", HelpName = "FILE.png" };
    private readonly Option<string?> _frames = new("--out-frames") { Description = "Draw each frame shown into a PNG file in this folder.", HelpName = "FOLDER" };
    private readonly PictureOptions _pictures = new("Default: all.");

    public void AddTo(Command command)
    {
        command.Add(_history);
        command.Add(_picture);
        command.Add(_frames);
        _pictures.AddTo(command);
    }

    /// <summary>How colours are chosen, in pictures and on the terminal.</summary>
    public RangeRule Range(ParseResult arguments) => arguments.GetValue(_pictures.Range) ?? RangeRule.All;

    /// <summary>The files that the arguments ask for.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="texts">What pictures say of themselves.</param>
    /// <param name="field">The option with the final field's file, which is written by others, and the file.</param>
    /// <exception cref="BadArgumentsException">They cannot be written, or the options contradict one another.</exception>
    public FrameOutputs Open(ParseResult arguments, PictureTexts texts, (string Option, string? Path) field)
    {
        var (history, picture) = (OutputFile.Read(arguments, _history), OutputFile.Read(arguments, _picture));
        OutputFile.CheckDistinct(field, (_history.Name, history), (_picture.Name, picture));
        var folder = arguments.GetValue(_frames);
        var style = _pictures.Read(arguments, picture is not null || folder is not null, $"{_picture.Name} or {_frames.Name}");
        if (picture is not null || folder is not null)
        {
            // Known before the work rather than after it.
            var gridSize = texts.Spec is { HasGridSize: true } spec ? spec.GridSize : DefaultGridSize;
            FieldPicture.CheckSize(gridSize, gridSize, style.Scale);
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

        return outputs;
    }
}
