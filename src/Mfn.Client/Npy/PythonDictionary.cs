using System.Globalization;

namespace Mfn.Client.Npy;

/// <summary>Reads the literal of a Python dictionary, as far as headers of NPY files have any: strings, True, False, and tuples of integers.</summary>
/// <remarks>Python 2 wrote integers as <c>4L</c>, and hands write other quotes and blanks than numpy does.</remarks>
internal sealed class PythonDictionary(string text)
{
    private const int LongestQuote = 40;

    private int _position;

    /// <summary>The values by their keys; a list, which describes structures, is null.</summary>
    /// <exception cref="FormatException">It is no such literal.</exception>
    public Dictionary<string, object?> Read()
    {
        var values = new Dictionary<string, object?>();
        Expect('{');
        while (!Accept('}'))
        {
            var key = ReadString();
            Expect(':');
            if (!values.TryAdd(key, ReadValue()))
            {
                throw new FormatException($"it has two '{key}'.");
            }

            if (!Accept(','))
            {
                Expect('}');
                break;
            }
        }

        SkipBlanks();
        return _position == text.Length ? values : throw Unexpected("the end");
    }

    private object? ReadValue()
    {
        SkipBlanks();
        return Next switch
        {
            '\'' or '"' => ReadString(),
            '(' => ReadTuple(),
            '[' => SkipList(),
            _ when AcceptWord("True") => true,
            _ when AcceptWord("False") => false,
            _ => throw Unexpected("a value"),
        };
    }

    private string ReadString()
    {
        SkipBlanks();
        var quote = Next;
        if (quote is not ('\'' or '"'))
        {
            throw Unexpected("a string");
        }

        var end = text.IndexOf(quote, _position + 1);
        if (end < 0)
        {
            throw Unexpected("a string that ends");
        }

        var value = text[(_position + 1)..end];
        _position = end + 1;
        return value;
    }

    private List<long> ReadTuple()
    {
        var numbers = new List<long>();
        Expect('(');
        while (!Accept(')'))
        {
            numbers.Add(ReadNumber());
            if (!Accept(','))
            {
                Expect(')');
                if (numbers.Count == 1)
                {
                    // (4) is a number and no tuple.
                    throw new FormatException("its shape is a number and no tuple.");
                }

                break;
            }
        }

        return numbers;
    }

    private long ReadNumber()
    {
        SkipBlanks();
        var start = _position;
        _position += Next is '-' or '+' ? 1 : 0;
        while (char.IsAsciiDigit(Next))
        {
            _position++;
        }

        if (!long.TryParse(text.AsSpan(start, _position - start), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            _position = start;
            throw Unexpected("a whole number");
        }

        _position += Next == 'L' ? 1 : 0;
        return number;
    }

    /// <summary>Lists are not used; where one ends does not matter then.</summary>
    private object? SkipList()
    {
        var depth = 0;
        do
        {
            switch (Next)
            {
                case '\'' or '"':
                    ReadString();
                    continue;
                case '[' or '(':
                    depth++;
                    break;
                case ']' or ')':
                    depth--;
                    break;
                case '\0':
                    throw Unexpected("a list that ends");
            }

            _position++;
        }
        while (depth > 0);
        return null;
    }

    private char Next => _position < text.Length ? text[_position] : '\0';

    private void SkipBlanks()
    {
        while (Next is ' ' or '\t' or '\n' or '\r' or '\f')
        {
            _position++;
        }
    }

    private bool Accept(char expected)
    {
        SkipBlanks();
        if (Next != expected)
        {
            return false;
        }

        _position++;
        return true;
    }

    private bool AcceptWord(string word)
    {
        if (string.CompareOrdinal(text, _position, word, 0, word.Length) != 0)
        {
            return false;
        }

        _position += word.Length;
        return true;
    }

    private void Expect(char expected)
    {
        if (!Accept(expected))
        {
            throw Unexpected($"'{expected}'");
        }
    }

    private FormatException Unexpected(string expected)
    {
        var found = _position < text.Length ? $"'{text[_position..Math.Min(text.Length, _position + LongestQuote)].Trim()}'" : "its end";
        return new FormatException($"expected {expected}, but found {found} after {_position} characters.");
    }
}
