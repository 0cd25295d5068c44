using Mfn.Server.Pictures;
using StbImageSharp;

namespace Mfn.Cli.Kinetics;

/// <summary>A picture as brightness, row after row: 0 for black and what is transparent, 1 for white.</summary>
internal sealed record GreyImage(int RowCount, int ColumnCount, double[] Levels)
{
    // The picture is decoded as a whole, in two bytes a pixel: what the largest Limits:MaxGridSize lets a server take.
    private const int MaxPixels = 4096 * 4096;
    private const int MaxBytes = 256 * 1024 * 1024;
    private const double Brightest = byte.MaxValue;

    /// <summary>The picture in a file: PNG, JPEG, BMP, GIF, TGA or PSD; null if the file holds none, or cannot be read.</summary>
    /// <exception cref="BadArgumentsException">It is a picture, and damaged or too large.</exception>
    public static GreyImage? Find(string path)
    {
        try
        {
            return Read(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static GreyImage? Read(string path)
    {
        using var file = File.OpenRead(path);
        if (!file.CanSeek || ImageInfo.FromStream(file) is not { } info)
        {
            return null;
        }

        if ((long)info.Width * info.Height > MaxPixels || file.Length > MaxBytes)
        {
            throw new BadArgumentsException($"'{path}' must have at most {MaxPixels} pixels in {MaxBytes} bytes, but has {info.Width} x {info.Height} in {file.Length}.");
        }

        var bytes = new byte[file.Length];
        file.Position = 0;
        file.ReadExactly(bytes);
        return PngFile.FindDamage(bytes) is { } damage ? throw new BadArgumentsException($"'{path}' is a damaged picture: {damage}.") : Decode(path, bytes);
    }

    private static GreyImage Decode(string path, byte[] bytes)
    {
        ImageResult image;
        try
        {
            image = ImageResult.FromMemory(bytes, ColorComponents.GreyAlpha);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // The decoder has exceptions of no common kind, and indices out of their range for bytes that are damaged.
            throw new BadArgumentsException($"'{path}' is a damaged picture, or of a kind that is not read.");
        }

        var levels = new double[image.Width * image.Height];
        for (var i = 0; i < levels.Length; i++)
        {
            levels[i] = image.Data[2 * i] / Brightest * (image.Data[(2 * i) + 1] / Brightest);
        }

        return new GreyImage(image.Height, image.Width, levels);
    }
}
