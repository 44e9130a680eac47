"""How a form is drawn: every field with its label, its help and its faults beside it."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Draws forms with this application's templates."""

    form_template_name = "gradatim/form.html"
    field_template_name = "gradatim/field.html"
