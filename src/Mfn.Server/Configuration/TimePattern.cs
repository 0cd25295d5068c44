using System.Globalization;

namespace Mfn.Server.Configuration;

/// <summary>Times as settings have them, as a regular expression (ECMA-262): [days.]hours:minutes:seconds[.fraction].</summary>
internal static class TimePattern
{
    /// <summary>What every time looks like, in a range or not, below 0 too.</summary>
    public const string Any = @"^-?(?:[0-9]{1,8}\.)?(?:[01][0-9]|2[0-3]|[0-9]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,7})?$";

    private const string Fraction = @"(?:\.[0-9]{1,7})?";
    private const string NoFraction = @"(?:\.0{1,7})?";

    /// <summary>Times between two, both included. The lower is 0, or whole seconds below a minute, or 100 ms.</summary>
    /// <exception cref="NotSupportedException">An end is another one: no range of a setting has been.</exception>
    public static string Within(TimeSpan least, TimeSpan most)
    {
        if (most.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            throw new NotSupportedException($"A time of at most {most} has no pattern yet.");
        }

        var tooLittle = least == TimeSpan.Zero ? "" : $"(?!(?:0{{1,8}}\\.)?0?0:00:{Below(least)}$)";
        return $"^{tooLittle}(?:{UpTo(most)})$";
    }

    // Seconds that are too few, where hours and minutes are none.
    private static string Below(TimeSpan least)
    {
        if (least == TimeSpan.FromMilliseconds(100))
        {
            return @"00(?:\.0[0-9]{0,6})?";
        }

        return least < TimeSpan.FromMinutes(1) && least.Ticks % TimeSpan.TicksPerSecond == 0
            ? $"(?:{Number((int)least.TotalSeconds - 1, digits: 2)}){Fraction}"
            : throw new NotSupportedException($"A time of at least {least} has no pattern yet.");
    }

    // Equal as far as a part, less in it, and anything behind.
    private static string UpTo(TimeSpan most)
    {
        var days = most.Days == 0 ? "(?:0{1,8}\\.)?" : string.Create(CultureInfo.InvariantCulture, $"0{{0,5}}{most.Days}\\.");
        var (hours, minutes, seconds) = (Exactly(most.Hours, isHours: true), Exactly(most.Minutes), Exactly(most.Seconds));
        const string Sixty = "[0-5][0-9]";
        List<string> alternatives =
        [
            $"{days}{hours}:{minutes}:{seconds}{NoFraction}",
        ];
        if (most.Seconds > 0)
        {
            alternatives.Add($"{days}{hours}:{minutes}:(?:{Number(most.Seconds - 1, digits: 2)}){Fraction}");
        }

        if (most.Minutes > 0)
        {
            alternatives.Add($"{days}{hours}:(?:{Number(most.Minutes - 1, digits: 2)}):{Sixty}{Fraction}");
        }

        if (most.Hours > 0)
        {
            alternatives.Add($"{days}0?(?:{Number(most.Hours - 1, digits: 1)}):{Sixty}:{Sixty}{Fraction}");
        }

        if (most.Days > 0)
        {
            alternatives.Add($"(?:0{{0,5}}(?:{Number(most.Days - 1, digits: 1)})\\.)?(?:[01][0-9]|2[0-3]|[0-9]):{Sixty}:{Sixty}{Fraction}");
        }

        return string.Join('|', alternatives);
    }

    private static string Exactly(int number, bool isHours = false) =>
        isHours && number < 10 ? string.Create(CultureInfo.InvariantCulture, $"0?{number}") : number.ToString("00", CultureInfo.InvariantCulture);

    // Whole numbers from 0 to this one, in exactly so many digits; in at most as many as it has if 1 is asked for.
    private static string Number(int most, int digits)
    {
        var text = most.ToString(new string('0', digits), CultureInfo.InvariantCulture);
        List<string> alternatives = digits == 1 && text.Length > 1 ? [$"[0-9]{{1,{text.Length - 1}}}"] : [];
        for (var i = 0; i < text.Length; i++)
        {
            var behind = text.Length - 1 - i;
            if (text[i] > '0')
            {
                alternatives.Add($"{text[..i]}[0-{(char)(text[i] - 1)}]{(behind == 0 ? "" : $"[0-9]{{{behind}}}")}");
            }
        }

        alternatives.Add(text);
        return string.Join('|', alternatives);
    }
}
