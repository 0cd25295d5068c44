using Mfn.Client.Arrays;
using Mfn.Client.Npy;

// A line names a file to read and one to write; the answer is "ok", or why the first cannot be used.
while (Console.ReadLine() is { } line)
{
    var paths = line.Split('\t');
    try
    {
        using var reader = ArrayReader.Open(paths[0], castIntegers: true);
        if (reader.IsDouble)
        {
            var values = new double[reader.Count];
            reader.Read(values);
            NpyFile.Write(paths[1], values, [.. reader.Shape]);
        }
        else
        {
            var values = new float[reader.Count];
            reader.Read(values);
            NpyFile.WriteSingles(paths[1], values, [.. reader.Shape]);
        }

        Console.WriteLine("ok");
    }
    catch (Exception error) when (error is InvalidDataException or IOException)
    {
        Console.WriteLine(error.Message);
    }
}
