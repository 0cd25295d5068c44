using System.Globalization;

namespace Mfn.Server.Web.Reference;

/// <summary>A text that Python's <c>json</c> does not read, with what that says of it.</summary>
/// <param name="fault">What is wrong.</param>
/// <param name="position">Where, in characters from 0.</param>
/// <param name="line">Its line, from 1.</param>
/// <param name="column">Its place in the line, from 1.</param>
internal sealed class PythonJsonException(string fault, int position, int line, int column)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"{fault}: line {line} column {column} (char {position})"))
{
    public string Fault => fault;

    public int Position => position;

    public int Line => line;

    public int Column => column;
}
